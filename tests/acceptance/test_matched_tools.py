"""Functions without a lexicon under a language model: it says which do the same, and a run is made of them.

The model is ptool.serve, which has words for them and knows what its owner's file says.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from acceptance_bench import derived, lines, started, until
from in_process import command
from ptool.store import Ledger

PURPOSE = {"type": "string", "description": "What it is for."}
DAY = {"type": "string", "format": "date", "description": "The first day."}
CURRENCY = {"type": "string", "description": "Currency of the price."}


def function(name: str, description: str, *required: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": description, "parameters": parameters}


SKY = [
    function("find_tent", "Find a tent.", "purpose", "currency", purpose=PURPOSE, currency=CURRENCY, day=DAY),
    function("rate_tent", "Rate a tent.", purpose=PURPOSE),
]
AIR = [
    function("shelters", "Shelters on offer.", "purpose", purpose=PURPOSE, currency=CURRENCY, day=DAY),
    function("tent_rates", "What a tent costs.", currency=CURRENCY),
]
CONTROLS = 2
"""The two functions of each document, which are known to differ."""
CAPABILITIES = {
    "find_tent": {"Sky": "find_tent", "Air": "shelters"},
    "rate_tent": {"Sky": "rate_tent"},
    "tent_rates": {"Air": "tent_rates"},
}
LEXICON = {
    "name": "tents",
    "description": "Renting tents.",
    "contexts": {
        "work": {"label": "work", "description": "Tents for work.", "purposes": ["a fair", "the market"]},
        "leisure": {
            "label": "leisure",
            "description": "Tents for fun.",
            "purposes": ["a holiday", "the lake"],
        },
    },
    "parameters": {
        "purpose": {
            "by_context": {
                "work": ["film shoots", "repairs", "school lessons"],
                "leisure": ["camping", "garden parties", "lake trips"],
            }
        },
        "currency": {"feature": "currency"},
        "day": {"date": ["2027-02-01", "2027-11-30"]},
    },
}
RUN = (
    *("model=openai_compatible", "model.model=it", "tools.file=[sky.json,air.json]", "qualification=0"),
    *("scenario=custom", "scenario.name=tents", "scenario.description=Renting tents."),
    *("users=3", "queries_per_user=3"),
)
MUMBLER = """\
from ptool.agents import Role
from ptool.errors import UnusableAnswerError


class Mumbler(Role):
    async def respond(self, observation, ask):
        raise UnusableAnswerError("it mumbles")
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two documents, and what the model's owner has beside them."""
    folder = tmp_path_factory.mktemp("tents")
    (folder / "sky.json").write_text(json.dumps(SKY))
    (folder / "air.json").write_text(json.dumps(AIR))
    (folder / "right.yaml").write_text(yaml.safe_dump({"capabilities": CAPABILITIES}))
    (folder / "words.yaml").write_text(yaml.safe_dump(LEXICON))
    return folder


@pytest.fixture(scope="module")
def endpoint(desk: Path) -> Iterator[str]:
    """The words that ask ptool.serve, in a process of its own."""
    words = ("tools.file=[sky.json,air.json]", "tools.capabilities=right.yaml", "tools.lexicon=words.yaml")
    program = [sys.executable, "-m", "ptool.serve", "server.port=0", *words]
    with subprocess.Popen(program, cwd=desk, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield "model.base_url=" + process.stdout.readline().removeprefix("serving ").strip()
        process.terminate()


def understood(run: Path) -> dict[str, Any]:
    return yaml.safe_load((run / "tools.yaml").read_text())


def test_a_model_says_what_does_the_same_and_plays_the_whole_run(desk: Path, endpoint: str) -> None:
    for name, width in (("one", 1), ("many", 16)):
        done = command("run", *RUN, endpoint, f"concurrency={width}", f"run.dir={name}", folder=desk)
        assert done.returncode == 0, done.stderr[-2000:]
    assert derived(desk / "one") == derived(desk / "many")

    told = understood(desk / "one")
    assert told["capabilities"] == CAPABILITIES
    assert told["decided_by"] == dict.fromkeys(CAPABILITIES, "model")
    asked = {tuple(one["functions"]): (one["code"], one["model"]) for one in told["asked"]}
    assert asked["Sky.find_tent", "Air.shelters"] == ("different", "same")
    assert asked["Sky.rate_tent", "Air.tent_rates"] == ("same", "different")

    samples = lines(desk / "one/dataset/samples.jsonl")
    called = {api for sample in samples for call in sample["answer"][1] for api in call}
    assert len(samples) >= 8
    assert called <= {"find_tent", "shelters"}
    with Ledger(desk / "one/ledger.sqlite") as ledger:
        assert len(ledger.ids("capabilities")) == len(asked) + CONTROLS


def test_a_persons_file_is_not_asked_about(desk: Path, endpoint: str) -> None:
    done = command("run", *RUN, endpoint, "tools.capabilities=right.yaml", "run.dir=person", folder=desk)
    assert done.returncode == 0, done.stderr[-2000:]
    told = understood(desk / "person")
    assert (told["asked"], set(told["decided_by"].values())) == ([], {"person"})


def test_where_the_model_says_nothing_usable_code_decides(desk: Path, endpoint: str) -> None:
    (desk / "own").mkdir()
    (desk / "own/mumbling.py").write_text(MUMBLER)
    role = "{_target_: mumbling.Mumbler, name: tool_matcher, output: ptool.records.Choice, sees: [functions]}"
    words = ("--config-dir", "own", f"+agent.tool_matcher={role}", "run.dir=mumbled", "min_yield=0")
    done = command("run", *RUN, endpoint, *words, folder=desk)
    told = understood(desk / "mumbled")
    assert {one["model"] for one in told["asked"]} == {"cannot tell"}
    assert set(told["decided_by"].values()) == {"code"}
    assert told["capabilities"]["rate_tent"] == {"Sky": "rate_tent", "Air": "tent_rates"}
    assert done.returncode in (0, 1)  # the endpoint has no words for what code puts together


def test_the_check_counts_what_a_matcher_is_asked(desk: Path, endpoint: str) -> None:
    done = command("check", *RUN, endpoint, folder=desk)
    assert done.returncode == 0, done.stderr[-2000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("  capabilities"))
    asked = len(understood(desk / "one")["asked"])
    assert line.split()[:3] == ["capabilities", "tool_matcher", str(2 * (asked + CONTROLS))]


@pytest.mark.slow
@pytest.mark.parametrize("answers", [3, 40])
def test_a_run_without_words_goes_on_where_it_was_killed(answers: int, desk: Path, endpoint: str) -> None:
    """While functions are matched, and later; what was answered is not asked again."""
    whole, killed = f"whole-{answers}", f"killed-{answers}"
    done = command("run", *RUN, endpoint, f"run.dir={whole}", folder=desk)
    assert done.returncode == 0, done.stderr[-2000:]
    with started(*RUN, endpoint, "concurrency=1", f"run.dir={killed}", folder=desk) as process:
        until(lambda: spent(desk / killed) >= answers)
        process.kill()
    kept = spent(desk / killed)
    assert not (desk / killed / "manifest.json").exists()
    done = command("run", *RUN, endpoint, f"run.dir={killed}", folder=desk)
    assert done.returncode == 0, done.stderr[-2000:]
    assert derived(desk / killed) == derived(desk / whole)
    assert answers <= kept < spent(desk / killed) == spent(desk / whole)


def spent(run: Path) -> int:
    """Answers in a ledger; 0 where there is none yet."""
    if not (run / "ledger.sqlite").exists():
        return 0
    with Ledger(run / "ledger.sqlite") as ledger:
        return ledger.spent().calls
