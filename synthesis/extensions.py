"""The checks, gates, corruptions and injections of a run, chosen by name: ptool's and the user's own.

A user's own are objects named in the configuration (`check/NAME.yaml`); they are built here, as roles are in
`roles`. It knows neither what they judge nor when they run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..environments.checks import CHECKS, Check, Checks
from ..environments.checks.check import PHASES, choose_by_name
from ..environments.checks.codes import DIALOGUE_CODES, HISTORY_CODES, MODEL_CODES
from ..errors import ConfigError
from ..settings import ObjectSettings, Settings
from ..settings.instantiate import build
from .dataset.audit import CORRUPTIONS, INJECTIONS, Corruption, Injection
from .dataset.curation import TWIN_CODES
from .dataset.gates import GATES, Gate

_Kind = TypeVar("_Kind")

KEYS = {
    "check": "checks",
    "gate": "gates",
    "corruption": "audit.corruptions",
    "injection": "audit.injections",
}
"""Config group of the user's own -> the key that chooses by name."""


@dataclass(frozen=True)
class Extensions:
    """What a run chose of everything that can be chosen by name or brought along."""

    checks: Checks
    gates: dict[str, Gate]
    """in the order they run: those that compare candidates come last"""
    corruptions: dict[str, Corruption]
    injections: dict[str, Injection]

    def types(self) -> list[type]:
        """Classes of whatever decides which data comes out."""
        return [type(extension) for extension in (*self.checks.chosen.values(), *self.gates.values())]

    def code_sentences(self) -> dict[str, str]:
        """Code -> the sentence that explains it, for every code that a reason of the run can have.

        A judge's own words (`judge.<word>`) are not among them.
        """
        sentences = DIALOGUE_CODES | MODEL_CODES | HISTORY_CODES | TWIN_CODES
        for extension in (*self.checks.chosen.values(), *self.gates.values()):
            sentences |= extension.codes
        return sentences


def choose_extensions(
    settings: Settings, available: Callable[[str], Iterable[str]] = lambda _: ()
) -> Extensions:
    """Choose by name, and build what is the user's own. Gates are new each time, for they may remember.

    Args:
        settings: the run's.
        available: config group -> names of the user's own that could be chosen, for messages.

    Raises:
        ConfigError: a name that is not there, an object that cannot be built or is of another kind.
    """
    audit = settings.audit

    def choose(
        group: str,
        chosen: Iterable[str] | None,
        specs: Mapping[str, ObjectSettings],
        built_in: Mapping[str, _Kind],
        kind: type[_Kind],
    ) -> dict[str, _Kind]:
        own = _own(group, chosen, specs, kind)
        return choose_by_name(KEYS[group], group, chosen, built_in, own, available(group))

    new_gates = {name: make() for name, make in GATES.items()}
    gates = choose("gate", settings.gates, settings.gate, new_gates, Gate)
    return Extensions(
        checks=Checks(choose("check", settings.checks, settings.check, CHECKS, Check)),
        gates=dict(sorted(gates.items(), key=lambda item: item[1].compares)),
        corruptions=choose("corruption", audit.corruptions, settings.corruption, CORRUPTIONS, Corruption),
        injections=choose("injection", audit.injections, settings.injection, INJECTIONS, Injection),
    )


def _own(
    group: str, chosen: Iterable[str] | None, specs: Mapping[str, ObjectSettings], kind: type[_Kind]
) -> dict[str, _Kind]:
    """The user's own that are chosen, built."""
    built: dict[str, _Kind] = {}
    for name in chosen or ():
        if name in specs:
            extension = build(specs[name], f"{group}.{name}")
            if not isinstance(extension, kind):
                raise ConfigError(
                    f"{group}.{name}._target_: {specs[name].target} is no {kind.__name__}, "
                    f"got {type(extension).__name__}"
                )
            _check_attributes(f"{group}.{name}", extension)
            built[name] = extension
    return built


def _check_attributes(where: str, extension: object) -> None:
    """Refuse a check without a phase, and a check or gate without sentences for its codes."""
    if isinstance(extension, Check) and (phase := getattr(extension, "phase", None)) not in PHASES:
        raise ConfigError(f"{where}: got the phase {phase!r}, expected one of {', '.join(PHASES)}")
    if isinstance(extension, Check | Gate) and not isinstance(getattr(extension, "codes", None), Mapping):
        raise ConfigError(f"{where}: codes are missing, expected code -> the sentence that explains it")
