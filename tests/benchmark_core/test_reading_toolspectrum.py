"""ToolSpectrum: a small file in its layout, and the real ones where PTOOL_TOOLSPECTRUM leads to `data`."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import answer, gold, lines, real
from ptool.benchmark import Item, Prediction, score_prediction
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


def test_a_folder_gives_every_dataset_file_in_it(tmp_path: Path) -> None:
    record = {"instruction": "!", "toolCall": None}
    toolspectrum(tmp_path, record)
    lines(tmp_path / "data" / "dataset_all.json", json.dumps([record, record]))
    ids = ["dataset_all-0000", "dataset_all-0001", "dataset_persona-0000"]
    assert [item.id for item in items(tmp_path)] == ids
    assert [item.id for item in items(tmp_path / "data")] == ids
    with pytest.raises(StoreError, match=r"api: no ToolSpectrum file in it, expected one such as dataset_"):
        list(items(tmp_path / "api", "toolspectrum"))
