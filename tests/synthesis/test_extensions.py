"""What a run chooses by name, and that every code of a reason has its sentence and none is dead."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import ptool
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.environments import CHECKS
from ptool.environments.checks.codes import DIALOGUE_CODES, HISTORY_CODES, MODEL_CODES
from ptool.environments.checks.solution import _KINDS
from ptool.errors import ModelError
from ptool.models.gateway.parse import Status
from ptool.settings import Settings, validated
from ptool.synthesis.dataset.curation import TWIN_CODES
from ptool.synthesis.dataset.gates import GATES
from ptool.synthesis.extensions import choose_extensions

ROOT = Path(ptool.__file__).parent
SOURCES = sorted([*(ROOT / "environments").rglob("*.py"), *(ROOT / "synthesis").rglob("*.py")])


def settings(*overrides: str) -> Settings:
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


SENTENCES = choose_extensions(settings("checks=null", "gates=null")).code_sentences()


def texts_outside_of_code_tables(tree: ast.AST) -> Iterator[str]:
    """Every text in a module but the keys of `codes` and `…_CODES`."""
    for node in ast.iter_child_nodes(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(getattr(target, "id", "").lower().endswith("codes") for target in targets):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from texts_outside_of_code_tables(node)


def codes_given(tree: ast.AST) -> Iterator[str]:
    """What stands at `code=` or first in a call of `_reason`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            for value in [*values, *(node.args[:1] if name == "_reason" else ())]:
                if isinstance(value, ast.Constant) and "." in str(value.value):
                    yield str(value.value)


def model_codes() -> set[str]:
    kinds, codes = (
        [ModelError],
        {"unusable", "agent_failed", "agent_limits", *get_args(Status)} - {"ok", "prose", "repaired"},
    )
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        codes.add(kind.code)
    return {f"model.{code}" for code in codes}


def test_every_code_that_can_be_given_has_a_sentence() -> None:
    given = {code for path in SOURCES for code in codes_given(ast.parse(path.read_text("utf-8")))}
    assert len(given) > 30
    # Some first arguments of `_reason` are messages.
    assert {code for code in given | set(_KINDS.values()) if " " not in code} <= SENTENCES.keys()
    assert model_codes() <= SENTENCES.keys()


def test_no_sentence_is_of_a_code_that_nobody_gives() -> None:
    texts = {
        text for path in SOURCES for text in texts_outside_of_code_tables(ast.parse(path.read_text("utf-8")))
    }
    composed = model_codes() | {"judge.unexplained"}
    assert SENTENCES.keys() - texts - composed == set()
    assert MODEL_CODES.keys() == model_codes()


def test_a_code_belongs_to_one_check_or_gate_and_its_sentence_reads_well() -> None:
    tables = [extension.codes for extension in (*CHECKS.values(), *GATES.values())]
    tables += [DIALOGUE_CODES, MODEL_CODES, HISTORY_CODES, TWIN_CODES]
    codes = [code for table in tables for code in table]
    assert len(codes) == len(set(codes)) == len(SENTENCES)
    assert all(sentence and sentence[-1] != "." and len(sentence) < 100 for sentence in SENTENCES.values())


def test_what_is_brought_along_joins_ptools_and_takes_the_place_of_its_name() -> None:
    own = {"_target_": "ptool.synthesis.dataset.gates.near_duplicates.NearDuplicateGate"}
    words = [f"+gate.{name}._target_={own['_target_']}" for name in ("alike", "leak")]
    chosen = choose_extensions(settings("gates=[alike,near_duplicates,leak,grounding]", *words))
    assert list(chosen.gates) == ["grounding", "leak", "near_duplicates", "alike"]
    assert len({id(gate) for gate in chosen.gates.values()}) == 4


def test_gates_are_new_for_every_run() -> None:
    first, second = (choose_extensions(settings()).gates["near_duplicates"] for _ in range(2))
    assert first is not second


def test_only_what_is_brought_along_is_in_the_digest() -> None:
    plain = settings("scenario=shopping")
    assert str(plain.run_folder()) == "runs/shopping-9d4ecf23b7"
    gate = "+gate.alike._target_=ptool.synthesis.dataset.gates.near_duplicates.NearDuplicateGate"
    assert settings("scenario=shopping", gate).digest() != plain.digest()
    injection = "+injection.mine={_target_:ptool.synthesis.dataset.audit.Injection,text:Ok.}"
    audited = settings("scenario=shopping", injection, "audit.injections=[mine]", "audit.samples=3")
    assert audited.digest() == plain.digest()  # an audit changes no sample
    assert choose_extensions(audited).injections["mine"].text == "Ok."


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("gates=[leek]",), "gates: no gate 'leek'; .*did you mean 'leak'.*gate/NAME.yaml"),
        (("audit.corruptions=[other_users]",), "did you mean 'other_user'"),
        (("checks=[mine]", "+check.mine._target_=collections.Counter"), "collections.Counter is no Check"),
        (
            (
                "audit.injections=[i]",
                "+injection.i={_target_:ptool.synthesis.dataset.audit.Injection,text:''}",
            ),
            "injection.i: .* refuses its arguments: got the text ''",
        ),
        (("audit.injections=[threat,threat]",), "audit.injections: got 'threat' twice"),
    ],
)
def test_what_cannot_be_used_is_refused(words: tuple[str, ...], refusal: str) -> None:
    with pytest.raises(ptool.errors.ConfigError, match=refusal):
        choose_extensions(settings(*words))
