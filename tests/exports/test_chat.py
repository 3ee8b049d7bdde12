"""Chats say what an evaluation asks and what is right; read back, the answer has full marks."""

import json
from pathlib import Path
from typing import Any

import pytest
from export_bench import export, file_of, lines, sample
from ptool.benchmark import Item, score
from ptool.benchmark.reading import items
from ptool.errors import ConfigError
from ptool.evaluation.prompt import PromptWriter, name_tools, visible_sample

VARIANTS = ["all", "no_basic", "no_history", "none"]


def part(made: Path, name: str) -> list[Item]:
    return list(items(made / "dataset" / f"{name}.jsonl"))


@pytest.mark.parametrize("answer", ["python", "json"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_messages_ask_what_an_evaluation_asks(made: Path, tmp_path: Path, answer: Any, variant: Any) -> None:
    export(run=made, format="messages", answer=answer, variant=variant, out=tmp_path / "out")
    writer = PromptWriter(answer)
    for name in ("train", "test", "unseen"):
        for line, item in zip(lines(tmp_path / "out" / f"{name}.jsonl"), part(made, name), strict=True):
            prompt = writer.prompt(visible_sample(item, variant))
            system, user, assistant = line["messages"]
            assert list(line) == ["messages"]
            assert (system, user) == (
                {"role": "system", "content": prompt.system}, {"role": "user", "content": item.query},
            )  # fmt: skip
            assert assistant["role"] == "assistant" and score(item, assistant["content"], answer).overall
            assert ("user_history" in system["content"]) == (variant in ("all", "no_basic"))
            assert ("basic_features" in system["content"]) == (variant in ("all", "no_history"))


def test_tool_calls_name_tools_of_the_prompt(made: Path, tmp_path: Path) -> None:
    export(run=made, format="tools", out=tmp_path / "out")
    several = 0
    for name in ("train", "test", "unseen"):
        for line, item in zip(lines(tmp_path / "out" / f"{name}.jsonl"), part(made, name), strict=True):
            message, offered = line["messages"][-1], {tool["function"]["name"] for tool in line["tools"]}
            calls = message["tool_calls"]
            assert {tool["type"] for tool in line["tools"]} == {"function"} and line["parallel_tool_calls"]
            assert len({call["id"] for call in calls}) == len(calls) == len(item.calls)
            assert {call["function"]["name"] for call in calls} <= offered
            names = name_tools(visible_sample(item))
            assert score(item, names.restore(json.dumps({"tool_calls": calls})), "native").overall
            several += len(calls) > 1
    assert several  # parallel calls were among them


def test_a_function_of_several_platforms_is_called_by_the_right_one(tmp_path: Path) -> None:
    both = [{"name": name, "profile": {}, "apis": ["findItem"]} for name in ("East", "West")]
    data = file_of(tmp_path, sample(platforms=both))
    export(data=data, format="messages", answer="native", out=tmp_path / "out")
    (line,) = lines(tmp_path / "out" / "samples.jsonl")
    (call,) = line["messages"][-1]["tool_calls"]
    assert call["function"]["name"] == "East__findItem"
    assert {tool["function"]["name"] for tool in line["tools"]} == {
        "East__findItem", "West__findItem", "lookUp",
    }  # fmt: skip


@pytest.mark.parametrize("answer", ["python", "json", "native"])
def test_sharegpt_is_described_for_llama_factory(made: Path, tmp_path: Path, answer: Any) -> None:
    export(run=made, format="sharegpt", answer=answer, out=tmp_path / "out")
    described = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert [one["file_name"] for one in described.values()] == ["train.jsonl", "test.jsonl", "unseen.jsonl"]
    for one in described.values():
        columns, tags = one["columns"], one["tags"]
        for line in lines(tmp_path / "out" / one["file_name"]):
            human, reply = line[columns["messages"]]
            assert human[tags["role_tag"]] == tags["user_tag"] and human[tags["content_tag"]]
            assert isinstance(line[columns["system"]], str)
            if answer != "native":
                assert reply[tags["role_tag"]] == tags["assistant_tag"] and "tools" not in line
                continue
            assert reply[tags["role_tag"]] == tags["function_tag"]
            calls = json.loads(reply[tags["content_tag"]])
            tools = {tool["name"] for tool in json.loads(line[columns["tools"]])}
            for call in calls if isinstance(calls, list) else [calls]:
                assert call["name"] in tools and isinstance(call["arguments"], dict)


def test_trl_has_messages_or_texts(made: Path, tmp_path: Path) -> None:
    for style in ("chat", "text"):
        export(run=made, format="trl", parts=["train"], style=style, out=tmp_path / style)
    chats, texts = (lines(tmp_path / style / "train.jsonl") for style in ("chat", "text"))
    for chat, text in zip(chats, texts, strict=True):
        system, user = chat["prompt"]
        assert text["prompt"] == f"{system['content']}\n\n{user['content']}\n\n"
        assert [text["completion"]] == [message["content"] for message in chat["completion"]]
    export(run=made, format="trl", parts=["train"], answer="native", out=tmp_path / "native")
    line = lines(tmp_path / "native" / "train.jsonl")[0]
    called = {call["function"]["name"] for call in line["completion"][0]["tool_calls"]}
    assert called <= {tool["function"]["name"] for tool in json.loads(line["tools"])}


def test_published_data_without_owners_cannot_be_tool_calls(tmp_path: Path) -> None:
    bare = [{"name": "East", "profile": {}}, {"name": "West", "profile": {}}]
    keys = ("user_profile", "tools", "query", "answer", "query_params", "profile_params")
    record = {key: sample()[key] for key in keys} | {"platforms": bare}
    (tmp_path / "data.json").write_text(json.dumps([record]))
    for format, got in (("tools", "format: got 'tools'"), ("messages", "answer: got 'native'")):
        with pytest.raises(ConfigError, match=got):
            answer = "native" if format == "messages" else None
            export(data=tmp_path / "data.json", format=format, answer=answer, out=tmp_path / "out")
        assert not (tmp_path / "out").exists()
    export(data=tmp_path / "data.json", format="messages", out=tmp_path / "out")
    assert "{East: [findItem(" in lines(tmp_path / "out" / "samples.jsonl")[0]["messages"][-1]["content"]
