"""`python -m ptool.explain`: the lineage of one sample, of rejected ones, and of ids that are none."""

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
from ptool.reports.lineage import Lineage, as_json
from ptool.reports.lineage_lookup import PLAYED, lineage_of
from ptool.reports.lineage_page import show
from ptool.reports.lineage_sources import Turn, read_turn
from ptool.reports.run_files import line_by_id
from ptool.settings import ExplainSettings, Settings, validated
from ptool.store import Ledger
from ptool.synthesis.context import without_model
from ptool.synthesis.pipeline import synthesise
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
        synthesise(settings(*WORDS, f"run.dir={folder}"), Sources())
    yield folder


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def index(run: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (run / "dataset/index.jsonl").read_bytes().splitlines()]


def sample_of(run: Path, entry: dict[str, Any]) -> dict[str, Any]:
    return orjson.loads((run / "dataset" / entry["file"]).read_bytes()[entry["offset"] :].partition(b"\n")[0])


def entry(file: bytes, offset: int, size: int) -> bytes:
    return b'{"id":"%%b","file":"%b","offset":%d,"bytes":%d}\n' % (file, offset, size)


def page(lineage: Lineage, width: int) -> str:
    said = StringIO()
    show(lineage, Console(file=said, width=width, highlight=False))
    return said.getvalue()


def test_every_sample_of_every_part_is_explained_as_its_own_line_proves_it(whole: Path) -> None:
    entries = index(whole)
    assert {one["split"] for one in entries} >= {"train", "test", "unseen"}
    for entry in entries:
        found, sample = lineage_of(whole, entry["id"]), sample_of(whole, entry)
        fate = found.fate
        assert (fate.status, fate.file, fate.split) == ("kept", entry["file"], entry["split"])
        assert (fate.group, fate.twin_of) == (entry["group"], entry["twin_of"])
        assert (found.query, found.population) == (sample["query"], "unseen" * (entry["group"] == "unseen"))
        proofs = {(one.call, one.parameter): one for one in found.arguments}
        assert {key: one.origin for key, one in proofs.items()} == {
            (one["call"], one["parameter"]): one["origin"] for one in sample["origins"]
        }
        for one in proofs.values():
            assert one.proven
            assert one.span is None or sample["query"][slice(*one.span)] == one.words
            assert (one.origin == "profile") == bool(one.feature_path)
            if one.origin == "profile":
                assert one.feature_path[-2:] == (str(one.path).removeprefix("basic_features."), one.parameter)
        basic = sample["user_profile"]["basic_features"]
        assert {one.name: one.value for one in found.user.features}.items() <= basic.items()


def test_visits_are_those_of_the_samples_own_history(whole: Path) -> None:
    entry = next(one for one in index(whole) if not one["twin_of"])
    found, sample = lineage_of(whole, entry["id"]), sample_of(whole, entry)
    visible = sample["user_profile"]["user_history"][entry["scenario"]]
    assert {one.platform: one.in_all for one in found.platform.visits} == {
        platform["name"]: sum(visit["platform"] == platform["name"] for visit in visible)
        for platform in sample["platforms"]
    }
    assert found.platform.preferred == found.platform.name == entry["platform"]
    assert sum(one.in_context for one in found.platform.visits) == 4 < len(visible)
    assert all(one.serves for one in found.platform.visits if one.platform == entry["platform"])


def test_a_twin_and_its_sample_name_each_other(whole: Path) -> None:
    twin = next(one for one in index(whole) if one["twin_of"])
    found = lineage_of(whole, twin["id"])
    assert found.fate.twin_of == twin["twin_of"]
    assert lineage_of(whole, twin["twin_of"]).fate.twin == twin["id"]
    assert {one.role for one in found.calls} >= {"assistant", "verifier"}
    assert "user" not in {one.role for one in found.calls}


def test_every_call_has_the_seed_that_was_sent(whole: Path, sent: dict[tuple[str, int], set[int]]) -> None:
    told = 0
    for entry in index(whole):
        found = lineage_of(whole, entry["id"])
        for one in (*found.calls, *found.origins):
            stage = one.stage.rpartition("/")[2]
            turn = "/".join((stage, one.item, one.role, *([str(one.round)] if one.round is not None else [])))
            assert one.seed in sent[turn, 0], turn
            told += 1
    assert told > 300


def test_the_answers_are_those_of_its_turns(whole: Path) -> None:
    for entry in index(whole):
        found = lineage_of(whole, entry["id"])
        own = [one for one in found.calls if one.stage in ("episodes", "twins")]
        said = [(one["role"], one["round"], one["output"]) for one in found.turns]
        assert [(one.role, one.round, json.loads(one.content)) for one in own] == [
            one for one in said if (one[0], one[1]) in {(call.role, call.round) for call in own}
        ]
        assert (
            found.further.keys() == ({"stranger"} if not found.population else {"unseen/stranger"})
            or (entry["twin_of"])
        )


def test_people_held_out_are_not_taken_for_the_runs_own(whole: Path) -> None:
    """Both populations have a layer0 of their own, asked for under the same name of a turn."""
    for entry in index(whole):
        found = lineage_of(whole, entry["id"])
        layers = [one for one in found.origins if one.stage == "profiles"]
        assert [one.item for one in layers] == list(found.user.made_in)
        assert found.user.persona in layers[0].content


def test_the_folder_of_people_held_out_may_be_named(whole: Path) -> None:
    id = next(one["id"] for one in index(whole) if one["split"] == "unseen")
    assert lineage_of(whole / "unseen", id) == lineage_of(whole, id)


def test_a_rejected_episode_is_explained_without_a_sample(run: Path) -> None:
    id = next(one["id"] for one in index(run) if one["split"] == "train" and not one["twin_of"])
    objection = {
        "code": "query.leak", "blames": "query", "path": "query.text", "message": "no\x1b[31m",
        "source": "leak",
    }  # fmt: skip
    change_episode(run, id, status="rejected", reasons=[objection])
    forget(run, id)
    found = lineage_of(run, id)
    assert (found.fate.status, found.fate.file) == ("rejected", None)
    assert [one["code"] for one in found.fate.reasons] == ["query.leak"]
    assert found.arguments
    assert not any(one.proven for one in found.arguments)
    assert {one.origin for one in found.arguments} <= {"query", "profile", "default"}
    assert "query.leak" in page(found, 80)


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
    found = lineage_of(run, id)
    assert (found.fate.status, found.fate.reasons[0]["code"]) == ("dropped", "gate.near_duplicates")


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
    id = next(one["id"] for one in index(run) if one["split"] == "train" and not one["twin_of"])
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
    found = [one for one in lineage_of(run, id).calls if one.role == "critic"]
    assert [(one.finish, one.status, one.attempt) for one in found] == [
        ("overloaded", "no answer", 0), ("length", "no_json", 0), ("length", "ok", 1),
    ]  # fmt: skip
    assert found[1].seed != found[2].seed
    assert max(len(one.content) for one in found) == 4_000


def test_a_page_is_plain_and_fits(run: Path) -> None:
    id = next(one["id"] for one in index(run) if one["split"] == "train" and not one["twin_of"])
    hostile = "\x1b[2J\x9b31m\u202e[bold]x[/bold]\r" + "長い" * 900
    change_episode(run, id, query={"text": hostile, "intents": []})
    found = lineage_of(run, id)
    for width in (80, 120):
        said = page(found, width)
        assert max(len(line) for line in said.splitlines()) <= width
        assert not [one for one in said if not one.isprintable() and one != "\n"]
        assert "[bold]x[/bold]" in said.replace("\n", "")
    assert as_json(found).isascii()
    assert json.loads(as_json(found))["query"] == hostile


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
        ("dataset/index.jsonl", entry(b"train.jsonl", 1, 5), "not JSON"),
        ("dataset/index.jsonl", entry(b"train.jsonl", 99_999_999, 5), "ends before"),
        ("dataset/index.jsonl", entry(b"train.jsonl", -1, 5), "has no place"),
        ("feature_tree.json", b'{"nodes": [], "edges": [{"source": 1, "target": 2}]}', "damaged"),
        ("config.yaml", b"a: [", "cannot be read"),
    ],
)  # fmt: skip
def test_damage_is_one_line(run: Path, name: str, content: bytes, said: str) -> None:
    id = next(one["id"] for one in index(run) if one["split"] == "train")
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
        ("episodes/shop-u0001-0003/user/0", Turn("episodes", "shop-u0001-0003", "user", 0)),
        ("stranger/shop-u0001-0003/1/stranger", Turn("stranger", "shop-u0001-0003/1", "stranger", None)),
        ("audit/wrong/shop-u0001-0003/verifier", Turn("audit/wrong", "shop-u0001-0003", "verifier", None)),
        ("episodes/shop-u0001-00031/user/0", None),
        ("twins/shop-u0001-0003-twin/assistant/0", None),
    ],
)
def test_turns_are_read_by_their_item(name: str, expected: Turn | None) -> None:
    assert read_turn(name, ["shop-u0001-0003"]) == expected


def test_a_line_is_found_by_its_id_in_few_steps_and_without_order_too(tmp_path: Path) -> None:
    ids = [f"s-{number:05}" for number in range(3_000)]
    lines = {id: b'{"id":"%b","x":"%b"}' % (id.encode(), b"y" * 1_000) for id in ids}
    for order in (ids, ids[::-1]):
        file = tmp_path / "samples.jsonl"
        file.write_bytes(b"\n".join(lines[id] for id in order) + b"\n")
        for id in (ids[0], ids[1_499], ids[-1]):
            assert line_by_id(file, id) == lines[id]
        assert line_by_id(file, "s-0149") is None


def test_the_stages_of_episodes_are_the_pipelines() -> None:
    assert set(PLAYED) == {"episodes", without_model("episodes"), "twins", without_model("twins")}


def _keep(answer: Answer) -> tuple[Any, ...]:
    from ptool.store.ledger import INSERT_ANSWER, answer_row

    return INSERT_ANSWER, answer_row(answer)


def sql(run: Path, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(run / "ledger.sqlite")
    with connection:
        connection.execute(statement, values)
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
