"""A published record with an odd gold answer: scored as the published code does, never strictly right."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import published
from ptool.benchmark import Item, obstacles, score
from ptool.benchmark.reading import items, kind_of, paired
from ptool.errors import StoreError


def read(folder: Path, *records: dict[str, Any]) -> list[Item]:
    """The items of a published file."""
    (folder / "data.json").write_text(json.dumps(records))
    return list(items(folder))


def call(**accepted: Any) -> list[Any]:
    """A gold answer of one call."""
    return ["MiniMart", [{"buy": accepted}]]


@pytest.mark.parametrize(
    ("answer", "text", "official"),
    [
        (call(product={"k": 1}), "MiniMart: [buy(product=5)]", "failure"),  # KeyError: 0
        (call(product={"k": 1}), "MiniMart: [buy(product='k')]", "right"),
        (call(product=None), "MiniMart: [buy(product='k')]", "failure"),
        (call(product=5), "MiniMart: [buy(product=5)]", "failure"),
        (call(product=[]), "MiniMart: [buy(product='tea')]", "wrong"),
        (call(product=[]), "MiniMart: [buy(product=5)]", "failure"),
        ([None, [{"buy": {"product": ["tea"]}}]], "None: [buy(product='tea')]", "right"),
        ([None, [{"buy": {"product": ["tea"]}}]], "null: [buy(product='tea')]", "wrong"),
        ([7, [{"buy": {"product": ["tea"]}}]], "7: [buy(product='tea')]", "right"),
        ([True, [{"buy": {"product": ["tea"]}}]], "True: [buy(product='tea')]", "right"),
        ([True, [{"buy": {"product": ["tea"]}}]], "true: [buy(product='tea')]", "wrong"),
        ([["MiniMart"], [{"buy": {}}]], "MiniMart: [buy()]", "failure"),
        (["MiniMart", [{}]], "MiniMart: [buy()]", "failure"),
        (["MiniMart", {"buy": {}}], "MiniMart: [buy()]", "failure"),
        (["MiniMart", [{"buy": 5}]], "MiniMart: [buy()]", "failure"),
        (["MiniMart"], "MiniMart: []", "failure"),
        (None, "MiniMart: []", "failure"),
    ],
)
def test_it_is_scored_as_published_and_never_strictly_right(
    tmp_path: Path, answer: Any, text: str, official: str
) -> None:
    odd, plain = read(tmp_path, published(answer=answer), published())
    found = score(odd, text, scorer="official")
    assert ("right" if found.overall else "wrong" if found.format_ok else "failure") == official
    bare = text == "MiniMart: [buy(product=5)]" and answer == call(product=5)  # the only accepted value
    assert score(odd, text).overall == bare
    assert obstacles(odd)
    assert score(plain, "MiniMart: [buy(product='tea', city='Turin', both=1)]").overall


def test_odd_functions_platforms_and_names_refuse_nothing(tmp_path: Path) -> None:
    (odd,) = read(
        tmp_path,
        published(
            tools=[
                5,
                {"name": "buy", "parameters": {"properties": ["product"]}},
                {"function": {"name": "pay"}},
            ],
            platforms=["MegaMart", {"name": "MiniMart", "profile": None}, 5],
            query_params=["product", 5],
            profile_params=None,
        ),
    )
    assert (list(odd.tools), list(odd.platforms)) == (["buy", "pay"], ["MegaMart", "MiniMart"])
    assert (odd.query_params, odd.profile_params) == (("product", "5"), ())


def test_an_id_of_its_own_is_kept_where_it_is_the_only_one(tmp_path: Path) -> None:
    ids = [
        item.id for item in read(tmp_path, *(published(id=id) for id in ("a", "b", "a", 5, "")), published())
    ]
    assert ids == ["a", "b", "published-00002", "published-00003", "published-00004", "published-00005"]


@pytest.mark.parametrize(
    ("odd", "shown"),
    [
        ({"query": None}, {"query": ""}),
        ({"query": 5}, {"query": "5"}),
        ({"query": ["Tea", 2]}, {"query": '["Tea",2]'}),
        ({"query": "half \ud83d"}, {"query": "half \ufffd"}),
        ({"user_profile": None}, {"user_profile": {}}),
        ({"user_profile": ""}, {"user_profile": {}}),
        ({"user_profile": "an early riser"}, {"user_profile": {"basic_features": "an early riser"}}),
        ({"user_profile": [1]}, {"user_profile": {"basic_features": [1]}}),
        ({"user_profile": {"height": float("nan")}}, {"user_profile": {"height": None}}),
        ({"tools": None}, {"tools": {}}),
        ({"tools": "none"}, {"tools": {}}),
        (
            {"tools": {"buy": {"description": "Buys."}}},
            {"tools": {"buy": {"name": "buy", "description": "Buys."}}},
        ),
        ({"platforms": None}, {"platforms": {}}),
        ({"platforms": "MiniMart"}, {"platforms": {"MiniMart": ()}}),
        ({"platforms": [{"name": "MiniMart", "apis": [{"name": "buy"}]}]}, {"platforms": {"MiniMart": ()}}),
        ({"origins": [5]}, {"query_params": ("product", "both")}),
    ],
)
@pytest.mark.parametrize("missing", [False, True])
def test_what_the_scorer_never_looks_at_refuses_nothing(
    tmp_path: Path, odd: dict[str, Any], shown: dict[str, Any], missing: bool
) -> None:
    record = published(**odd)
    if missing:
        key = next(iter(odd))
        record, shown = {name: value for name, value in record.items() if name != key}, {}
    first, plain = read(tmp_path, record, published())
    assert {key: getattr(first, key) for key in shown} == shown
    assert kind_of(tmp_path / "data.json") == "published"
    text = "MiniMart: [buy(product='tea', city='Turin', both=1)]"
    for item in (first, plain):
        assert (
            score(item, text, scorer="official").tool_value
            == score(plain, text, scorer="official").tool_value
        )
    answers = tmp_path / "predictions.jsonl"
    given = [{"query": record.get("query"), "predict": text}, {"query": "Tea, please.", "predict": text}]
    answers.write_text("\n".join(map(json.dumps, given)).replace("\\ud83d", "\\ufffd"))
    assert [item.id for item, _ in paired([first, plain], answers)] == [first.id, plain.id]


def test_what_every_record_lacks_is_another_kind_of_file(tmp_path: Path) -> None:
    record = published()
    record["functions"] = record.pop("tools")
    with pytest.raises(
        StoreError, match=r"data\.json: no record has tools; the last one has 'user_profile', "
    ):
        read(tmp_path, record, record)
    (tmp_path / "data.json").write_text(json.dumps({"data": [published()]}))
    with pytest.raises(StoreError, match=r"no record has user_profile, .*; the last one has 'data'"):
        list(items(tmp_path))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("array", [True, False])
def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path, encoding: str, array: bool) -> None:
    records = [published(id="één"), published(id="b")]
    text = (
        json.dumps(records, ensure_ascii=False, indent=1) if array else "\r\n".join(map(json.dumps, records))
    )
    mark = "\ufeff" if encoding.endswith("e") else ""
    (tmp_path / "data.json").write_bytes((mark + text).encode(encoding))
    assert [item.id for item in items(tmp_path)] == ["één", "b"]
