"""A sample is written as the record is, whatever of it was written before."""

import json
from typing import Any

from ptool.records import ArgumentOrigin, Evidence, Sample, UserProfile, VisiblePlatform
from ptool.records.sample import SampleEncoder

PLATFORMS = (VisiblePlatform(name="Ants", profile={"speed": "fast"}, apis=("buy",)),)
TOOLS = ({"type": "function", "function": {"name": "buy"}},)
PROOF = ArgumentOrigin(
    call=0, parameter="what", value="roses", origin="query", evidence=Evidence(words="roses", span=(4, 9))
)


def profile(home: str) -> UserProfile:
    return UserProfile(basic_features={"home": home}, user_history={"garden": []})


def sample(id: str, user: UserProfile, **changes: Any) -> Sample:
    return Sample(
        id=id, scenario="garden", user_id="u1", user_profile=user, platforms=PLATFORMS, tools=TOOLS,
        query="Buy roses", answer=("Ants", [{"buy": {"what": ["roses"]}}]), query_params=("what",),
        profile_params=(), origins=(PROOF,), capabilities={"buy": "buy"}, **changes,
    )  # fmt: skip


def test_a_line_is_the_record_in_its_order_and_reads_back() -> None:
    written = sample("a", profile("Kiel"), group="unseen", twin_of="b", assistant="none")
    line = SampleEncoder().encode(written)
    assert Sample.model_validate_json(line) == written
    assert list(json.loads(line)) == list(Sample.model_fields)
    assert json.loads(line)["origins"][0]["evidence"] == {"words": "roses", "span": [4, 9], "path": None}
    assert line == written.model_dump_json().encode()


def test_what_is_absent_is_left_out() -> None:
    fields = json.loads(SampleEncoder().encode(sample("a", profile("Kiel"))))
    assert fields.keys() == Sample.model_fields.keys() - {"assistant", "group", "twin_of"}


def test_a_part_is_taken_again_only_from_the_very_object() -> None:
    encoder, first, second = SampleEncoder(), profile("Kiel"), profile("Rome")
    people = (first, first, second, profile("Kiel"), second, first)
    lines = [encoder.encode(sample(f"{number}", user)) for number, user in enumerate(people)]
    homes = [json.loads(line)["user_profile"]["basic_features"]["home"] for line in lines]
    assert homes == ["Kiel", "Kiel", "Rome", "Kiel", "Rome", "Kiel"]
