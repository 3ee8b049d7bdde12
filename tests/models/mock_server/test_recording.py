"""Over HTTP, recorded and played back: the scripted model's answers stay the same bytes."""

import json
from pathlib import Path

import ptool
import pytest
from ptool.errors import ConfigError
from ptool.models.mock_server.recording import Recorder, Replay
from ptool.models.mock_server.server import serving
from ptool.models.prompt_blocks import render
from ptool.models.scripted import Library, ScriptedModel

TINY = str(Path(ptool.__file__).parent / "environments" / "scenarios" / "tiny")
SCENARIO = render("scenario", {"name": "tiny", "description": "Two shops."})
PLATFORMS = render("platforms", [{"name": "CornerCart"}, {"name": "LittleLantern"}])
BASIC = render("profile.basic", {"full_name": "Ada Moreau", "home_address": "rue Haute 3, 69001 Lyon"})
TASK = {
    "plan": "guided", "context": {"name": "gifts", "description": ""},
    "calls": [{"api": "findItem", "stated": ["keyword", "maxPrice"], "known": {}, "defaults": []}],
}  # fmt: skip
USER = [
    "Role: user\nWrite.",
    "\n".join((SCENARIO, render("task", TASK), render("platform", {"name": "CornerCart"}), BASIC)),
]
ASSISTANT = [
    "Role: assistant\n" + PLATFORMS,
    "\n".join((SCENARIO, BASIC, render("query", "Please find a photo album."))),
]
CORRECTED = [*ASSISTANT, "{}", "That was no solution."]
PROMPTS = [(texts, seed) for texts in (USER, ASSISTANT, CORRECTED) for seed in (0, 5, 2**62 + 1)]


def scripted() -> ScriptedModel:
    return ScriptedModel(Library({"tiny": TINY}), slips=0.5)


async def contents(ask, server) -> list[str]:
    """What the endpoint answers to all prompts, the other way round."""
    replies = [await ask(server, *texts, seed=seed) for texts, seed in reversed(PROMPTS)]
    return [reply["choices"][0]["message"]["content"] for _, reply, _ in replies][::-1]


async def test_over_http_recorded_and_replayed_answers_are_the_models_own(ask, tmp_path: Path) -> None:
    own = [scripted().answer(texts, seed) for texts, seed in PROMPTS]
    assert len({*own}) > 3
    recorder = Recorder(tmp_path / "answers.jsonl", scripted().answer)
    async with serving(recorder) as server:
        assert await contents(ask, server) == own
        assert await contents(ask, server) == own
    recorder.close()
    replay = Replay(tmp_path / "answers.jsonl")
    assert len(replay) == len(PROMPTS) == len((tmp_path / "answers.jsonl").read_bytes().splitlines())
    async with serving(replay) as server:
        assert await contents(ask, server) == own


async def test_what_was_not_recorded_is_said(ask, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text("")
    async with serving(Replay(file)) as server:
        status, reply, _ = await ask(server, "Role: user", seed=3)

    assert status == 404
    assert "(seed 3, 1 messages)" in reply["error"]["message"]
    assert server.stats.report()["refused"] == {"unrecorded": 1}


@pytest.mark.parametrize("other", [["ab", "c"], ["a", "bc", ""], ["", "abc"], ["abc"]])
async def test_keys_do_not_run_into_each_other(ask, tmp_path: Path, other: list[str]) -> None:
    recorder = Recorder(tmp_path / "answers.jsonl", lambda texts, seed: json.dumps(texts))
    async with serving(recorder) as server:
        await ask(server, "a", "bc", seed=1)
    async with serving(Replay(tmp_path / "answers.jsonl")) as server:
        assert [(await ask(server, "a", "bc", seed=seed))[0] for seed in (1, 2, -1)] == [200, 404, 404]
        assert (await ask(server, *other, seed=1))[0] == 404


async def test_a_recording_goes_on_where_a_killed_one_stopped(ask, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    for text, torn in (("first", b'{"key": "00'), ("second", b"")):
        recorder = Recorder(file, lambda texts, seed: texts[0])
        async with serving(recorder) as server:
            await ask(server, text)
        recorder.close()
        with file.open("ab") as end:
            end.write(torn)

    assert sorted(json.loads(line)["answer"] for line in file.read_text().splitlines()) == ["first", "second"]


@pytest.mark.parametrize(
    "line", ["{}", "[1]", "x", '{"key": "00", "answer": "a"}', '{"key": "zz", "answer": "a"}', ""]
)
def test_a_file_of_something_else_is_refused_by_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    good = json.dumps({"key": "0" * 32, "answer": "a"})
    file.write_text(f"{good}\n{line}\n{good}\n")
    with pytest.raises(ConfigError, match=r"server\.replay: .* line 2 is no recorded answer"):
        Replay(file)
    with pytest.raises(ConfigError, match=r"server\.record: .* line 2"):
        Recorder(file, lambda texts, seed: "")
    assert file.read_text().count("\n") == 3
