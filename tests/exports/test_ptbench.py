"""The published form, read back, scores every answer as the run's own samples do."""

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from export_bench import export, file_of, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.benchmark import Item, Scorer, render, score
from ptool.benchmark.metrics import Breakdown
from ptool.benchmark.reading import items, kind_of
from ptool.errors import ConfigError

PUBLISHED = {"user_profile", "platforms", "tools", "query", "answer", "query_params", "profile_params"}
SLIPS = (
    lambda text: text,
    lambda text: text.replace("'", "'x", 1),
    lambda text: text.partition(", ")[0] + ")]}",
    lambda text: text.replace("{", "{X", 1),
    lambda text: "no idea",
)


def rows(found: list[Item], answers: list[str], scorer: Scorer) -> Any:
    breakdown = Breakdown()
    for item, answer in zip(found, answers, strict=True):
        breakdown.add(score(item, answer, "python", scorer))
    return breakdown.rows()


@pytest.mark.parametrize("scorer", ["strict", "official"])
def test_scores_are_equal(made: Path, tmp_path: Path, scorer: Any) -> None:
    export(run=made, format="ptbench", parts=["train", "test", "unseen"], out=tmp_path / "out")
    assert kind_of(tmp_path / "out") == "published"
    own = [
        item
        for place, group in (
            ("test", "trained"),
            ("test", "untrained"),
            ("train", "trained"),
            ("unseen", "unseen"),
        )
        for item in items(made / "dataset" / f"{place}.jsonl")
        if item.group == group
    ]  # in the order of the folders test_trained, test_untrained, train_trained, unseen
    back, rng = list(items(tmp_path / "out")), Random(0)
    assert [item.query for item in back] == [item.query for item in own]
    answers = [rng.choice(SLIPS)(render(item, braces=scorer == "strict")) for item in own]
    found = rows(back, answers, scorer)
    assert found == rows(own, answers, scorer) and 0 < found["all"]["overall"] < 1
    assert {item.group for item in back} == {"trained", "untrained", "unseen"}


def test_one_name_with_two_origins_keeps_both(tmp_path: Path) -> None:
    """The flat lists of names cannot say that `size` is from the query once, and from the profile once."""
    calls = [{"findItem": {"size": [1]}}, {"findItem": {"size": [2]}}]
    origins = [
        {"call": call, "parameter": "size", "value": call + 1, "origin": origin, "evidence": {}}
        for call, origin in enumerate(("query", "profile"))
    ]
    changes = {"answer": ["East", calls], "origins": origins, "query_params": ["size"]}
    data = file_of(tmp_path, sample(**changes, profile_params=["size"]))
    export(data=data, format="ptbench", out=tmp_path / "out")
    (record,) = json.loads((tmp_path / "out" / "samples" / "data.json").read_text())
    assert set(record) == PUBLISHED | {"origins"}
    (back,) = items(tmp_path / "out" / "samples")
    assert [call.origins for call in back.calls] == [{"size": "query"}, {"size": "profile"}]
    text = "{East: [findItem(size=1), findItem(size=3)]}"
    marks = score(back, text, "python", "strict")
    assert (marks.query_param_hits, marks.profile_param_hits) == (1, 0)


VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40)
@given(
    accepted=st.dictionaries(
        st.text(min_size=1, max_size=8), st.lists(VALUES, min_size=1, max_size=3), max_size=4
    )
)
def test_every_value_comes_back(accepted: dict[str, list[Any]]) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        origins = [
            {
                "call": 0,
                "parameter": name,
                "value": values[0],
                "origin": ("query", "profile", "default")[at % 3],
            }
            for at, (name, values) in enumerate(accepted.items())
        ]
        data = file_of(folder, sample(answer=["East", [{"findItem": accepted}]], origins=origins))
        export(data=data, format="ptbench", out=folder / "out")
        (before,), (back,) = items(data), items(folder / "out")
        assert back.calls == before.calls and back.platforms == before.platforms
        assert (back.tools, back.user_profile, back.characteristics) == (
            before.tools, before.user_profile, before.characteristics,
        )  # fmt: skip


def test_data_without_platforms_is_refused(tmp_path: Path) -> None:
    bfcl = export(data=file_of(tmp_path, sample()), format="bfcl", out=tmp_path / "bfcl").folder / "samples"
    with pytest.raises(ConfigError, match="format: got one whose answers name a platform, but sample '"):
        export(data=bfcl, format="ptbench", out=tmp_path / "out")
    with pytest.raises(ConfigError, match="format: got one whose answers name a platform, but sample '"):
        export(data=bfcl, format="jsonl", out=tmp_path / "out")
    assert export(data=bfcl, format="tools", out=tmp_path / "out").records == 1


def test_a_variant_hides_its_part(tmp_path: Path) -> None:
    data = file_of(tmp_path, sample())
    for variant, left in (("no_basic", ["user_history"]), ("no_history", ["basic_features"]), ("none", [])):
        export(data=data, format="ptbench", variant=variant, out=tmp_path / variant)
        (record,) = json.loads((tmp_path / variant / "samples" / "data.json").read_text())
        assert list(record["user_profile"]) == left
