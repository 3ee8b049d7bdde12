"""What a rule check is, and how the chosen ones are run: in phases, every reason with its check's name.

A check of one's own is a subclass of `Check`; it is named by a YAML file (`check/NAME.yaml`), or put
into `Checks` by a program. Nothing registers itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal, TypeVar, get_args

from ...errors import ConfigError, names
from ...records import Reason
from .case import Case

Phase = Literal["query", "solution", "valid_solution"]
"""When a check runs: on a query; on a solution; on a solution that no check of `solution` objects to."""

PHASES: tuple[Phase, ...] = get_args(Phase)

_Named = TypeVar("_Named")


class Check(ABC):
    """One rule that a query or a solution has to keep.

    An object is shared by all episodes and runs many times in each: it holds options, and no state.
    """

    phase: ClassVar[Phase]
    codes: ClassVar[Mapping[str, str]]
    """code of a reason -> the sentence that explains it"""

    @abstractmethod
    def run(self, case: Case) -> Iterable[Reason]:
        """Yield a reason for everything that breaks the rule; `source` is filled in by whoever runs it.

        Args:
            case: the query, the solution where the phase is one of a solution, and what they are judged by.
        """


class Checks:
    """The checks of a run.

    Args:
        chosen: name -> check, in the order they run within their phase.
    """

    def __init__(self, chosen: Mapping[str, Check]) -> None:
        self.chosen = dict(chosen)
        self._query, self._solution, self._valid_solution = (
            tuple((name, check.run) for name, check in chosen.items() if check.phase == phase)
            for phase in PHASES
        )

    def of_query(self, case: Case) -> tuple[Reason, ...]:
        """Everything the checks object to in a query."""
        return tuple(stamped(reason, name) for name, run in self._query for reason in run(case))

    def of_solution(self, case: Case) -> tuple[Reason, ...]:
        """What is wrong with a solution's form; where nothing is, what is wrong with its meaning."""
        return tuple(stamped(reason, name) for name, run in self._solution for reason in run(case)) or tuple(
            stamped(reason, name) for name, run in self._valid_solution for reason in run(case)
        )


def stamped(reason: Reason, name: str) -> Reason:
    """The reason with the name of the check or gate it comes from as its source."""
    return reason if reason.source == name else reason.model_copy(update={"source": name})


def choose_by_name(
    key: str,
    kind: str,
    chosen: Iterable[str] | None,
    built_in: Mapping[str, _Named],
    own: Mapping[str, _Named],
    further: Iterable[str] = (),
) -> dict[str, _Named]:
    """Pick objects by name: ptool's in their order, then the user's in theirs; None picks all of ptool's.

    An own one that has the name of one of ptool's takes its place.

    Args:
        key: of the configuration, such as 'gates'.
        kind: what it names, such as 'gate'.
        chosen: the names; None: all of `built_in`.
        built_in, own: name -> object.
        further: names that could be chosen as well, for the message.

    Raises:
        ConfigError: a name that is not there.
    """
    known = {**built_in, **own}
    wanted = tuple(built_in if chosen is None else chosen)
    for name in wanted:
        if name not in known:
            there = names([*known, *further], name)
            raise ConfigError(
                f"{key}: no {kind} {name!r}; there are {there}; one of your own is {kind}/NAME.yaml"
            )
    return {name: named for name, named in known.items() if name in wanted}
