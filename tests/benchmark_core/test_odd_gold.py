"""A published record with an odd gold answer: scored as the published code does, never strictly right."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import published
from ptool.benchmark import Item, obstacles, score
from ptool.benchmark.reading import items


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
