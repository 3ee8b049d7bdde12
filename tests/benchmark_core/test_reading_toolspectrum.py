"""ToolSpectrum: a small file in its layout, and the real ones where PTOOL_TOOLSPECTRUM leads to `data`."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import answer, gold, lines, real
from ptool.benchmark import Format, Item, Prediction, Scorer, parse, render, score, score_prediction
from ptool.benchmark.protocols.toolspectrum import PartsF1
from ptool.benchmark.reading import items
from ptool.errors import StoreError

APPS = {
    "Train Time": {
        "desc": "Trains.",
        "policy": ["No minors."],
        "APIs": {
            "book": {
                "desc": "Books.",
                "required_arguments": {"to (str)": "Where.", "seats (int)": "How many."},
                "personalized_arguments": {"seat (syt)": "Which."},
                "environmental_arguments": {"captions (bool)": "Whether."},
            }
        },
    },
    "Bus": {
        "desc": "Buses.",
        "APIs": {"book": {"desc": "Books.", "required_arguments": {"to (str)": "Where."}}},
    },
}


def toolspectrum(folder: Path, *records: Any) -> list[Item]:
    """The items of a dataset in the layout of upstream's repository."""
    lines(folder / "api" / "API_description.json", APPS)
    file = lines(folder / "data" / "dataset_persona.json", json.dumps(records))
    return list(items(file))


def test_toolspectrum_records(tmp_path: Path) -> None:
    params = {"to": "Rome", "seat": "aisle", "captions": "True", "extra": 1}
    call = {"APP": "Train Time", "API": "book", "params": params}
    asked = {"instruction": "To Rome!", "persona": {"Age": 40}, "environment": {"Weather": "Sunny"}}
    first, forbidden = toolspectrum(
        tmp_path, {**asked, "toolCall": call}, {"instruction": "!", "toolCall": None}
    )
    assert (first.id, first.platform, first.source) == ("dataset_persona-0000", "Train Time", "toolspectrum")
    assert first.platforms == {"Train Time": ("book",), "Bus": ("book",)}
    assert first.characteristics["Train Time"] == {"description": "Trains.", "policy": "No minors."}
    assert first.calls[0].accepted == {
        "to": ("Rome",),
        "seat": ("aisle",),
        "captions": ("True", True),
        "extra": (1,),
    }
    assert first.calls[0].origins == {"to": "query", "seat": "profile"}
    assert (first.query_params, first.profile_params) == (("to",), ("seat",))
    assert first.user_profile == {"basic_features": {"Age": 40}, "environment": {"Weather": "Sunny"}}
    parameters = first.tools["book"]["parameters"]
    assert parameters["required"] == ["to"]  # what both apps require
    assert parameters["properties"]["seat"] == {"description": "Which."}
    assert (forbidden.platform, forbidden.calls) == (None, ())
    assert score_prediction(forbidden, Prediction(None, ())).overall
    assert not score_prediction(forbidden, answer(("book", {}))).overall
    assert first.user != forbidden.user


CALL = {"APP": "Train Time", "API": "book", "params": {"to": "Rome", "seat": "aisle"}}


def declined_and_called(folder: Path) -> tuple[Item, Item]:
    """A record whose gold makes no call, and one of the same file whose gold does."""
    declined, called = toolspectrum(
        folder, {"instruction": "!", "toolCall": None}, {"instruction": "To Rome!", "toolCall": CALL}
    )
    return declined, called


@pytest.mark.parametrize("scorer", ["strict", "official"])
@pytest.mark.parametrize(
    ("format", "text"),
    [
        *((format, text) for format in ("python", "json", "native") for text in ("[]", "{}", "None", "null")),
        *(
            (format, text)
            for format in ("python", "json", "native")
            for text in (
                *("{Bus: []}", "Bus: []", '{"Bus": []}', "{Bus: None}", '{"toolCall": null}'),
                *('{"platform": "Bus", "functions": []}', '{"platform": null, "functions": []}'),
                *('{"tool_calls": []}', '{"content": "", "tool_calls": null}'),
            )
        ),
    ],
)
def test_no_call_is_an_answer(tmp_path: Path, format: Format, text: str, scorer: Scorer) -> None:
    declined, called = declined_and_called(tmp_path)
    assert score(declined, f" {text}\n", format, scorer).overall
    wrong = score(called, text, format, scorer)
    assert (wrong.format_ok, wrong.overall) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[[]]", "{None}", "none of them", "{Bus: [book(to='Rome')]}", "0", "false", '""', "[{}]"),
        *('{"book": {}}', '{"platform": "Bus"}', "Bus: [None]", "No call, no problem"),
    ],
)
def test_what_is_no_decline_is_none(tmp_path: Path, text: str) -> None:
    declined, _ = declined_and_called(tmp_path)
    for format in ("python", "json", "native"):
        assert not score(declined, text, format).overall


@pytest.mark.parametrize(
    "reply", ["no call", "No call.", "NONE", "`None`", "**None**", "`{}`", "No tool call is needed.", "N\n"]
)
def test_a_decline_in_words_is_read_tolerantly(tmp_path: Path, reply: str) -> None:
    declined, called = declined_and_called(tmp_path)
    for format in ("python", "json", "native"):
        assert not score(declined, reply, format).overall
        assert score(declined, reply, format, tolerance="tolerant").overall == (reply != "N\n")
        assert not score(called, reply, format, tolerance="tolerant").overall


def test_a_decline_is_found_behind_thoughts_and_in_a_fence_but_not_inside_an_answer(tmp_path: Path) -> None:
    declined, called = declined_and_called(tmp_path)
    for reply in ("<think>{Bus: [book(to='x')]}</think> []", "```json\n{}\n```", "<think>hm</think>None"):
        assert not score(declined, reply).format_ok
        assert score(declined, reply, tolerance="tolerant").overall
    broken = "{Bus: [book(to=[])"
    assert not score(declined, broken, tolerance="tolerant").format_ok
    late = "<think>[]?</think> No: {'Train Time': [book(to='Rome', seat='aisle')]}"
    assert score(called, late, tolerance="tolerant").overall


def test_both_renderings_of_a_decline_read_back(tmp_path: Path) -> None:
    declined, _ = declined_and_called(tmp_path)
    assert (render(declined), render(declined, braces=False)) == ("{}", "[]")
    for format in ("python", "json", "native"):
        for braces in (True, False):
            assert score(declined, render(declined, format, braces=braces), format).overall


def test_no_call_is_no_answer_where_every_gold_makes_one(tmp_path: Path) -> None:
    (never,) = toolspectrum(tmp_path, {"instruction": "!", "toolCall": CALL})
    assert not score(never, "[]").format_ok


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{'Train Time': [book(to='Rome', seat='aisle')]}", (1, 1, 1, 1)),
        ("{Bus: [book(to='Rome', seat='window')]}", (0, 1, 1, 0)),
        ("{'Train Time': [book(to='Rome', seat='aisle', captions=True)]}", (1, 1, 1, 2 / 3)),
        ("{'Train Time': [fly(to='Rome')]}", (1, 0, 0, 0)),
        ("[]", (0, 0, 0, 0)),
        ("no answer", (0, 0, 0, 0)),
    ],
)
def test_f1_of_the_four_parts(tmp_path: Path, text: str, expected: tuple[float, ...]) -> None:
    declined, called = declined_and_called(tmp_path)
    counted = PartsF1()
    for one, given in ((called, text), (declined, "[]")):
        read = parse(given, platforms=one.platforms, may_decline=True)
        counted.add(one, read if isinstance(read, Prediction) else None)
    assert tuple(counted.shares().values()) == pytest.approx(expected)


def test_toolspectrum_records_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    bad = {"instruction": "", "toolCall": {"APP": "Bus", "API": "fly", "params": {}}}
    with pytest.raises(
        StoreError, match=r"persona.json\[0\]: toolCall: APP and API: got 'Bus.fly', expected an API"
    ):
        toolspectrum(tmp_path, bad)
    with pytest.raises(StoreError, match=r"persona.json\[1\]: got 5, expected a JSON object"):
        toolspectrum(tmp_path, {"instruction": "", "toolCall": None}, 5)
    lines(tmp_path / "api" / "API_description.json", {"Bus": {"APIs": {}}})
    with pytest.raises(
        StoreError, match=r"API_description.json: KeyError: 'desc'; expected {app: {desc, APIs"
    ):
        list(items(tmp_path / "data" / "dataset_persona.json"))


@pytest.mark.parametrize(
    ("name", "samples"), [("persona", 449), ("environment", 220), ("persona_environment", 333)]
)
def test_real_toolspectrum(name: str, samples: int) -> None:
    found = list(items(real("PTOOL_TOOLSPECTRUM") / f"dataset_{name}.json"))
    assert len(found) == samples
    assert all(score_prediction(item, gold(item)).overall for item in found)
    for format in ("python", "json", "native"):
        assert all(score(item, render(item, format), format).overall for item in found)


def test_a_folder_gives_every_dataset_file_in_it(tmp_path: Path) -> None:
    record = {"instruction": "!", "toolCall": None}
    toolspectrum(tmp_path, record)
    lines(tmp_path / "data" / "dataset_all.json", json.dumps([record, record]))
    ids = ["dataset_all-0000", "dataset_all-0001", "dataset_persona-0000"]
    assert [item.id for item in items(tmp_path)] == ids
    assert [item.id for item in items(tmp_path / "data")] == ids
    with pytest.raises(StoreError, match=r"api: no ToolSpectrum file in it, expected one such as dataset_"):
        list(items(tmp_path / "api", "toolspectrum"))
