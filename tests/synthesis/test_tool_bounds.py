"""How many tools the solvers of a run are shown, and what is refused before anything is paid for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from ptool import check, run
from ptool.models import prompt_blocks as blocks
from ptool.models.clients.base import role_of
from ptool.models.scripted import ScriptedModel

SHOWN: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
"""Role -> the tools and the tools under platforms of every prompt, as 'Platform.api'."""
ASKED: Counter[str] = Counter()


class Watched(ScriptedModel):
    """The scripted model, whose prompts are looked at."""

    def answer(self, texts: Sequence[str], seed: int) -> str:
        role = role_of(texts) or ""
        ASKED[role] += 1
        shown = blocks.read("\n".join(texts))
        if "apis" in shown:
            tools = orjson.loads(shown["apis"])
            platforms = orjson.loads(shown["platforms"])
            SHOWN.setdefault(role, []).append(
                (
                    tuple(f"{tool['platform']}.{tool['function']['name']}" for tool in tools),
                    tuple(f"{each['name']}.{api}" for each in platforms for api in each["apis"]),
                )
            )
        return super().answer(texts, seed)


@pytest.fixture(autouse=True)
def forget() -> None:
    SHOWN.clear()
    ASKED.clear()


def made(folder: Path, *words: str, command: Any = run) -> int:
    """A small run in this process with a model that is watched; its exit status."""
    small = ("scenario=shopping", "users=2", "queries_per_user=6", "roles=paper")
    small += (f"model._target_={__name__}.Watched",)
    return command.main([*small, f"run.dir={folder}", *words])


def samples(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / "dataset/samples.jsonl").read_bytes().splitlines()]


def capabilities(folder: Path) -> dict[str, str]:
    """'Platform.api' -> capability."""
    nodes = orjson.loads((folder / "api_tree.json").read_bytes())["nodes"]
    apis = [node for node in nodes if node["kind"] == "api"]
    return {f"{node['id'].split('/')[1]}.{node['name']}": node["capability"] for node in apis}


@pytest.mark.parametrize("words", [("tools=9",), ("model.context=9000", "features.batch=40")])
def test_solvers_are_shown_a_selection_from_all_platforms_alike(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    solvers = (
        "strangers=1",
        "consistency=1",
        *(f"+agent@agent.{name}={name}" for name in ("stranger", "solver")),
    )
    assert made(tmp_path / "run", *words, *solvers) == 0
    assert SHOWN.keys() == {"assistant", "stranger", "solver"}
    known = capabilities(tmp_path / "run")
    for tools, listed in (shown for shown in SHOWN["assistant"]):
        assert 6 <= len(tools) < 72
        assert sorted(tools) == sorted(listed)
        counts = Counter(tool.partition(".")[0] for tool in tools)
        assert len(counts) == 3
        assert max(counts.values()) - min(counts.values()) <= 1
    shown = {tools for tools, _ in SHOWN["assistant"]}
    for sample in samples(tmp_path / "run"):
        platform, calls = sample["answer"]
        gold = {known[f"{platform}.{name}"] for call in calls for name in call}
        wanted = {tool for tool, capability in known.items() if capability in gold}
        assert any(wanted <= set(tools) for tools in shown)
        assert len(sample["tools"]) == 72  # the dataset keeps all of them


def test_the_dataset_is_the_same_whatever_the_scripted_model_is_shown(tmp_path: Path) -> None:
    bytes_of = []
    for at, words in enumerate(((), ("tools=scenario",), ("tools=9",), ("tools=9", "concurrency=1"))):
        assert made(tmp_path / f"{at}", *words) == 0
        bytes_of.append((tmp_path / f"{at}/dataset/samples.jsonl").read_bytes())
    assert len(set(bytes_of)) == 1


def test_the_same_seed_shows_the_same_tools(tmp_path: Path) -> None:
    shown = []
    for at, words in enumerate((("concurrency=1",), ("concurrency=64",), ("seed=1",))):
        SHOWN.clear()
        assert made(tmp_path / f"{at}", "tools=9", *words) == 0
        shown.append(sorted(SHOWN["assistant"]))
    assert shown[0] == shown[1] != shown[2]


def test_a_run_says_how_many_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(tmp_path / "all") == 0
    assert "72 tools shown in shopping" in capsys.readouterr().out
    assert made(tmp_path / "some", "tools=9") == 0
    assert "9 of 72 tools shown in shopping: as asked for" in capsys.readouterr().out
    notes = orjson.loads((tmp_path / "some/manifest.json").read_bytes())["notes"]
    assert notes["tools"] == ["9 of 72 tools shown in shopping: as asked for"]


def test_a_recogniser_looks_at_tools_and_is_shown_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("model.context=9000", "features.batch=24", "assistant=confirm", "judges=[]", "qualification=0")
    assert made(tmp_path / "run", *words, "query_gate=[recognise_need,recognise_call]") == 0
    assert "\n72 tools shown in shopping" in capsys.readouterr().out


def test_what_fitted_is_shown_to_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("model.context=9000", "features.batch=40")
    assert made(tmp_path / "whole", *words) == 0
    assert made(tmp_path / "run", *words, f"budget.calls={sum(ASKED.values()) - 9}") == 4
    capsys.readouterr()
    assert made(tmp_path / "run", words[1]) == 0
    assert "of 72 tools shown in shopping: what fitted when the run began" in capsys.readouterr().out
    digests = {(tmp_path / name / "dataset/samples.jsonl").read_bytes() for name in ("run", "whole")}
    assert len(digests) == 1
    assert {len(tools) for tools, _ in SHOWN["assistant"]}.isdisjoint({72})


def test_fewer_tools_than_a_task_needs_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(tmp_path / "run", "tools=2") == 2
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "error" in line)
    assert line.startswith("config error: tools: got 2, but a task of shopping needs ")
    assert not ASKED["assistant"]


@pytest.mark.parametrize("command", [run, check])
@pytest.mark.parametrize(
    ("words", "roles"),
    [
        (("model.context=2000", "features.batch=10"), ("'assistant'", "tools a task needs")),
        (("model.context=8192",), ("'clusterer'", "a smaller features.batch")),
        (("model.context=9000", "features.batch=40", "tools=scenario"), ("'assistant'", "fewer tools")),
    ],
)
def test_what_does_not_fit_is_said_before_a_single_call(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: Any,
    words: tuple[str, ...],
    roles: tuple[str, ...],
) -> None:
    assert made(tmp_path / "run", *words, command=command) == 2
    errors = capsys.readouterr().err
    (line,) = (line for line in errors.splitlines() if line.startswith("config error"))
    assert all(part in line for part in roles)
    assert "(model.context)" in line
    assert (sum(ASKED.values()), (tmp_path / "run").exists()) == (0, False)


def test_the_check_says_context_and_the_longest_prompt_of_each_role(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(tmp_path / "run", command=check) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "context no limit" in printed
    for role in (
        "designer",
        "clusterer",
        "profile_writer",
        "chooser",
        "actor",
        "user",
        "assistant",
        "verifier",
    ):
        assert f"{role} " in printed.partition("longest prompts")[2]
    assert "72 tools shown in shopping" in printed
