"""`python -m ptool.explain`: the lineage of one sample, of rejected ones, and of ids that are none."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.errors import ConfigError, StoreError
from ptool.models.gateway.gateway import Gateway
from ptool.records.model_calls import Answer, Failure
from ptool.reports.commands import explain
from ptool.reports.lineage import EPISODE_STAGES, Lineage, as_json, lineage_of
from ptool.reports.lineage_calls import TurnName, parse_turn_name
from ptool.reports.lineage_console import print_lineage
from ptool.reports.run_files import find_line_by_id
from ptool.settings import ExplainSettings, Settings, validated
from ptool.store import Ledger
from ptool.store.row_digest import teach_digests
from ptool.synthesis.context import without_model
from ptool.synthesis.pipeline import build_parts, synthesise
from rich.console import Console

WORDS = (
    "scenario=tiny", "strangers=1", "+agent@agent.stranger=stranger", "twins=true",
    "splits.untrained_users=1", "splits.test_share=0.3", "model.slips=0.4",
    "scenario@splits.unseen.scenario=unseen_two", "splits.unseen.users=3",
    "splits.unseen.queries={finance: 3, lifestyle: 3}",
)  # fmt: skip


def settings(*words: str) -> Settings:
    with initialize_config_module("ptool.conf", version_base="1.3"):
        made = OmegaConf.to_container(compose("config", list(words)), resolve=True)
    assert isinstance(made, dict)
    return validated({str(key): value for key, value in made.items()})


@pytest.fixture(scope="module")
def sent() -> dict[tuple[str, int], set[int]]:
    """(turn, attempt) -> the seeds that the gateway was asked with."""
    return {}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, sent: dict[tuple[str, int], set[int]]) -> Iterator[Path]:
    """A finished run with splits, twins, strangers and people held out; nobody writes into it."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    original = Gateway._answer

    async def noted(self: Gateway, request: Any, messages: Any, number: int, token: Any) -> Any:
        sent.setdefault((request.turn, number), set()).add(request.seed)
        return await original(self, request, messages, number, token)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gateway, "_answer", noted)
        synthesise(build_parts(settings(*WORDS, f"run.dir={folder}"), Sources()), Sources())
    yield folder


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def index(run: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (run / "dataset/index.jsonl").read_bytes().splitlines()]


def sample_of(run: Path, entry: dict[str, Any]) -> dict[str, Any]:
    return orjson.loads((run / "dataset" / entry["file"]).read_bytes()[entry["offset"] :].partition(b"\n")[0])


def entry(file: bytes, offset: int, size: int) -> bytes:
    place = b'"file":"%b","offset":%d,"bytes":%d' % (file, offset, size)
    return b'{"id":"%b","split":"train","digest":"0",' + place + b"}\n"


def page(lineage: Lineage, width: int) -> str:
    output = StringIO()
    print_lineage(lineage, Console(file=output, width=width, highlight=False))
    return output.getvalue()


def test_every_sample_of_every_part_is_explained_as_its_own_line_proves_it(whole: Path) -> None:
    entries = index(whole)
    assert {entry["split"] for entry in entries} >= {"train", "test", "unseen"}
    for entry in entries:
        lineage, sample = lineage_of(whole, entry["id"]), sample_of(whole, entry)
        outcome = lineage.fate
        assert (outcome.status, outcome.file, outcome.split) == ("kept", entry["file"], entry["split"])
        assert (outcome.group, outcome.twin_of) == (entry["group"], entry["twin_of"])
        assert (lineage.query, lineage.population) == (
            sample["query"],
            "unseen" * (entry["group"] == "unseen"),
        )
        proofs = {(argument.call, argument.parameter): argument for argument in lineage.arguments}
        assert {key: argument.origin for key, argument in proofs.items()} == {
            (origin["call"], origin["parameter"]): origin["origin"] for origin in sample["origins"]
        }
        for argument in proofs.values():
            assert argument.proven
            assert argument.span is None or sample["query"][slice(*argument.span)] == argument.words
            assert (argument.origin == "profile") == bool(argument.feature_path)
            if argument.origin == "profile":
                feature = str(argument.path).removeprefix("basic_features.")
                assert argument.feature_path[-2:] == (feature, argument.parameter)
        basic = sample["user_profile"]["basic_features"]
        assert {feature.name: feature.value for feature in lineage.user.features}.items() <= basic.items()


def test_visits_are_those_of_the_samples_own_history(whole: Path) -> None:
    entry = next(entry for entry in index(whole) if not entry["twin_of"])
    lineage, sample = lineage_of(whole, entry["id"]), sample_of(whole, entry)
    visible = sample["user_profile"]["user_history"][entry["scenario"]]
    assert {visits.platform: visits.in_all for visits in lineage.platform.visits} == {
        platform["name"]: sum(visit["platform"] == platform["name"] for visit in visible)
        for platform in sample["platforms"]
    }
    assert lineage.platform.preferred == lineage.platform.name == entry["platform"]
    assert sum(visits.in_context for visits in lineage.platform.visits) == 4 < len(visible)
    assert all(visits.serves for visits in lineage.platform.visits if visits.platform == entry["platform"])


def test_a_twin_and_its_sample_name_each_other(whole: Path) -> None:
    twin = next(entry for entry in index(whole) if entry["twin_of"])
    lineage = lineage_of(whole, twin["id"])
    assert lineage.fate.twin_of == twin["twin_of"]
    assert lineage_of(whole, twin["twin_of"]).fate.twin == twin["id"]
    assert {call.role for call in lineage.calls} >= {"assistant", "verifier"}
    assert "user" not in {call.role for call in lineage.calls}


def test_every_call_has_the_seed_that_was_sent(whole: Path, sent: dict[tuple[str, int], set[int]]) -> None:
    compared = 0
    for entry in index(whole):
        lineage = lineage_of(whole, entry["id"])
        for call in (*lineage.calls, *lineage.origins):
            stage, rounds = call.stage.rpartition("/")[2], [] if call.round is None else [str(call.round)]
            turn = "/".join((stage, call.item, call.role, *rounds))
            assert call.seed in sent[turn, 0], turn
            compared += 1
    assert compared > 300


def test_the_answers_are_those_of_its_turns(whole: Path) -> None:
    for entry in index(whole):
        lineage = lineage_of(whole, entry["id"])
        own = [call for call in lineage.calls if call.stage in ("episodes", "twins")]
        turns = [(turn["role"], turn["round"], turn["output"]) for turn in lineage.turns]
        assert [(call.role, call.round, json.loads(call.content)) for call in own] == [
            turn for turn in turns if turn[:2] in {(call.role, call.round) for call in own}
        ]
        assert (
            lineage.further.keys() == ({"stranger"} if not lineage.population else {"unseen/stranger"})
            or (entry["twin_of"])
        )


def test_people_held_out_are_not_taken_for_the_runs_own(whole: Path) -> None:
    """Both populations have a layer0 of their own, asked for under the same name of a turn."""
    for entry in index(whole):
        lineage = lineage_of(whole, entry["id"])
        layers = [call for call in lineage.origins if call.stage == "profiles"]
        assert [call.item for call in layers] == list(lineage.user.made_in)
        assert lineage.user.persona in layers[0].content


def test_the_folder_of_people_held_out_may_be_named(whole: Path) -> None:
    id = next(entry["id"] for entry in index(whole) if entry["split"] == "unseen")
    assert lineage_of(whole / "unseen", id) == lineage_of(whole, id)


def test_a_rejected_episode_is_explained_without_a_sample(run: Path) -> None:
    id = next(entry["id"] for entry in index(run) if entry["split"] == "train" and not entry["twin_of"])
    objection = {
        "code": "query.leak", "blames": "query", "path": "query.text", "message": "no\x1b[31m",
        "source": "leak",
    }  # fmt: skip
    change_episode(run, id, status="rejected", reasons=[objection])
    forget(run, id)
    lineage = lineage_of(run, id)
    assert (lineage.fate.status, lineage.fate.file) == ("rejected", None)
    assert [reason["code"] for reason in lineage.fate.reasons] == ["query.leak"]
    assert lineage.arguments
    assert not any(argument.proven for argument in lineage.arguments)
    assert {argument.origin for argument in lineage.arguments} <= {"query", "profile", "default"}
    assert "query.leak" in page(lineage, 80)


def test_what_a_gate_dropped_says_which(run: Path) -> None:
    id = index(run)[0]["id"]
    reason = {
        "code": "gate.near_duplicates",
        "blames": "query",
        "path": "",
        "message": "m",
        "source": "gates",
    }
    line = orjson.dumps({"id": id, "scenario": "tiny", "user_id": "u", "reasons": [reason]})
    (run / "dataset/rejected.jsonl").write_bytes(line + b"\n")
    lineage = lineage_of(run, id)
    assert (lineage.fate.status, lineage.fate.reasons[0]["code"]) == ("dropped", "gate.near_duplicates")


def test_a_run_under_way_has_episodes_and_no_dataset(run: Path) -> None:
    id = index(run)[0]["id"]
    shutil.rmtree(run / "dataset")
    assert lineage_of(run, id).fate.status == "accepted"
    for stage in ("episodes", "unseen/episodes", "twins", "unseen/twins"):
        sql(run, f"DELETE FROM items WHERE stage = '{stage}'")
    waiting = lineage_of(run, id)
    assert (waiting.fate.status, waiting.query, waiting.arguments) == ("waiting", None, ())
    assert waiting.task["id"] == id
    assert "not played" in page(waiting, 80)


def test_an_episode_that_found_no_model_waits_until_it_is_played(run: Path) -> None:
    id = next(entry["id"] for entry in index(run) if entry["split"] == "train" and not entry["twin_of"])
    sql(run, "UPDATE items SET stage = 'episodes without a model' WHERE stage = 'episodes'")
    forget(run, id)
    assert lineage_of(run, id).fate.status == "waiting"


def test_a_run_without_an_index_is_searched(run: Path) -> None:
    entry = index(run)[-1]
    before = lineage_of(run, entry["id"])
    (run / "dataset/index.jsonl").unlink()
    after = lineage_of(run, entry["id"])
    assert (after.fate.status, after.fate.file, after.arguments) == ("kept", entry["file"], before.arguments)


def test_corrections_and_failures_are_told_in_order(run: Path) -> None:
    id = index(run)[0]["id"]
    turn = f"episodes/{id}/critic/0"
    with Ledger(run / "ledger.sqlite") as ledger:
        ledger.save_failure(Failure("episodes", "critic", turn, "m", "overloaded", "busy\x9b2J", 1.0))
        for number in range(2):
            kept = Answer(
                number.to_bytes(16), "episodes", "critic", turn, "m at there", "no\ud800 JSON \x1b[2J" * 900,
                "length", 10, 20, 5, None, 0.5,
            )  # fmt: skip
            ledger._writer.write(*_keep(kept))
        ledger.set_answer_status((0).to_bytes(16), "no_json")
    calls = [call for call in lineage_of(run, id).calls if call.role == "critic"]
    assert [(call.finish, call.status, call.attempt) for call in calls] == [
        ("overloaded", "no answer", 0), ("length", "no_json", 0), ("length", "ok", 1),
    ]  # fmt: skip
    assert calls[1].seed != calls[2].seed
    assert max(len(call.content) for call in calls) == 4_000


def test_what_was_asked_is_shown_beside_what_was_answered_and_of_failed_calls_too(run: Path) -> None:
    id = index(run)[0]["id"]
    turn, system = f"episodes/{id}/critic/0", "Role: critic\n" + "Be strict. " * 500
    asked = [("system", system), ("user", "Judge this.\x1b[2J\u202e")]
    corrected = [*asked, ("assistant", "no JSON"), ("user", "This answer cannot be used")]
    with Ledger(run / "ledger.sqlite") as ledger:
        ledger.save_failure(Failure("episodes", "critic", turn, "m", "timeout", "no answer", 1.0), asked)
        for number, messages in enumerate((asked, corrected)):
            kept = Answer(
                number.to_bytes(16), "episodes", "critic", turn, "m", f"answer {number}", "stop", 10, 20, 5,
                None, 0.5,
            )  # fmt: skip
            asyncio.run(ledger.save_answer(kept, messages))
    lineage = lineage_of(run, id)
    calls = [call for call in lineage.calls if call.role == "critic"]
    assert [[(one.kind, one.text) for one in call.asked] for call in calls] == [asked, asked, corrected]
    page = StringIO()
    print_lineage(lineage, Console(file=page, width=120))
    text = page.getvalue().partition("asked and answered")[2]
    assert text.count("Be strict. Be strict.") < 300
    assert text.count(f"{len(system):,} characters") == 3
    assert "user: Judge this.\\u001b[2J\\u202e" in text
    for part in ("no answer: no answer", "answer: answer 0", "assistant: no JSON", "answer: answer 1"):
        assert part in text
    assert "\x1b" not in text


def test_of_the_scripted_model_no_messages_are_kept(run: Path) -> None:
    lineage = lineage_of(run, index(run)[0]["id"])
    assert lineage.calls
    assert not any(call.asked for call in (*lineage.calls, *lineage.origins))


def test_a_page_is_plain_and_fits(run: Path) -> None:
    id = next(entry["id"] for entry in index(run) if entry["split"] == "train" and not entry["twin_of"])
    hostile = "\x1b[2J\x9b31m\u202e[bold]x[/bold]\r" + "長い" * 900
    change_episode(run, id, query={"text": hostile, "intents": []})
    lineage = lineage_of(run, id)
    for width in (80, 120):
        text = page(lineage, width)
        assert max(len(line) for line in text.splitlines()) <= width
        assert not [char for char in text if not char.isprintable() and char != "\n"]
        assert "[bold]x[/bold]" in text.replace("\n", "")
    assert as_json(lineage).isascii()
    assert json.loads(as_json(lineage))["query"] == hostile


def test_an_unknown_id_is_answered_with_the_nearest(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        ConfigError, match=r"sample: got 'tiny-u001-0001'.*did you mean 'tiny-u0001-0001'"
    ) as got:
        explain(ExplainSettings(run=str(whole), sample="tiny-u001-0001", format="text"), Sources())
    assert got.value.exit_status == 2
    with pytest.raises(ConfigError, match="ids look like"):
        lineage_of(whole, "'; DROP TABLE items; --")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("dataset/index.jsonl", entry(b"../ledger.sqlite", 0, 1), "expected a name"),
        ("dataset/index.jsonl", entry(b"train.jsonl", 1, 5), "byte 1 is not what index.jsonl was made of"),
        ("dataset/index.jsonl", entry(b"train.jsonl", 99_999_999, 5), "byte 99999999 is not what"),
        ("dataset/index.jsonl", entry(b"train.jsonl", -1, 5), "no place in a file"),
        ("feature_tree.json", b'{"nodes": [], "edges": [{"source": 1, "target": 2}]}', "damaged"),
        ("config.yaml", b"a: [", "cannot be read"),
    ],
)  # fmt: skip
def test_damage_is_one_line(run: Path, name: str, content: bytes, said: str) -> None:
    id = next(entry["id"] for entry in index(run) if entry["split"] == "train")
    (run / name).write_bytes(content.replace(b"%b", id.encode()))
    with pytest.raises(StoreError, match=said) as got:
        lineage_of(run, id)
    assert "\n" not in str(got.value)


def test_as_a_command_it_changes_nothing_in_the_run(run: Path) -> None:
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    for sample, status in ((index(run)[0]["id"], 0), ("tiny", 2)):
        words = ("explain", f"run={run}", f"sample={sample}", "format=json")
        done = subprocess.run(
            [sys.executable, "-m", "ptool", *words], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == status
        assert (done.stderr == "") == (status == 0)
        assert "Traceback" not in done.stderr
        assert not done.stdout or json.loads(done.stdout)["id"] == sample
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before


def test_nothing_is_explained_where_no_run_is(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such folder"):
        lineage_of(tmp_path / "nowhere", "a")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("episodes/shop-u0001-0003/user/0", TurnName("episodes", "shop-u0001-0003", "user", 0)),
        ("stranger/shop-u0001-0003/1/stranger", TurnName("stranger", "shop-u0001-0003/1", "stranger", None)),
        (
            "audit/wrong/shop-u0001-0003/verifier",
            TurnName("audit/wrong", "shop-u0001-0003", "verifier", None),
        ),
        ("episodes/shop-u0001-00031/user/0", None),
        ("twins/shop-u0001-0003-twin/assistant/0", None),
    ],
)
def test_turns_are_read_by_their_item(name: str, expected: TurnName | None) -> None:
    assert parse_turn_name(name, ["shop-u0001-0003"]) == expected


def test_a_line_is_found_by_its_id_in_few_steps_and_without_order_too(tmp_path: Path) -> None:
    ids = [f"s-{number:05}" for number in range(3_000)]
    lines = {id: b'{"id":"%b","x":"%b"}' % (id.encode(), b"y" * 1_000) for id in ids}
    for order in (ids, ids[::-1]):
        file = tmp_path / "samples.jsonl"
        file.write_bytes(b"\n".join(lines[id] for id in order) + b"\n")
        for id in (ids[0], ids[1_499], ids[-1]):
            assert find_line_by_id(file, id) == lines[id]
        assert find_line_by_id(file, "s-0149") is None


def test_the_stages_of_episodes_are_the_pipelines() -> None:
    assert set(EPISODE_STAGES) == {"episodes", without_model("episodes"), "twins", without_model("twins")}


def _keep(answer: Answer) -> tuple[Any, ...]:
    from ptool.store.ledger import INSERT_ANSWER, answer_row

    return INSERT_ANSWER, answer_row(answer)


def sql(run: Path, statement: str, *values: Any) -> None:
    """Change the ledger's items as if they had been written so."""
    connection = sqlite3.connect(run / "ledger.sqlite")
    teach_digests(connection)
    with connection:
        connection.execute(statement, values)
        connection.execute("UPDATE items SET digest = row_digest(stage, id, body)")
    connection.close()


def change_episode(run: Path, id: str, **changed: Any) -> None:
    connection = sqlite3.connect(run / "ledger.sqlite")
    (body,) = connection.execute(
        "SELECT body FROM items WHERE stage = 'episodes' AND id = ?", (id,)
    ).fetchone()
    connection.close()
    made = orjson.dumps(orjson.loads(body) | changed)
    sql(run, "UPDATE items SET body = ? WHERE stage = 'episodes' AND id = ?", made, id)


def forget(run: Path, id: str) -> None:
    """Take a sample out of the dataset's index."""
    file = run / "dataset/index.jsonl"
    kept = [line for line in file.read_bytes().splitlines() if orjson.loads(line)["id"] != id]
    file.write_bytes(b"".join(line + b"\n" for line in kept))
