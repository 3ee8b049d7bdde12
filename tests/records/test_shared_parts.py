"""A sample of the shared form, joined, is that of the inline form; what is missing is said in one line."""

from pathlib import Path

import orjson
import pytest
from ptool.errors import StoreError
from ptool.records import Sample
from ptool.records.shared_parts import SHARED, SharedParts
from ptool.reports.run_files import read_sample

SHOP = {"scenario": "shop", "platforms": [{"name": "P"}], "tools": [{"name": "buy"}]}
ANN = {"user_id": "u1", "user_profile": {"basic_features": {"city": "Lyon"}}}
SLIM = {"id": "s1", "scenario": "shop", "user_id": "u1", "query": "Tea.", "note": 1}
WHOLE = {
    "id": "s1", "scenario": "shop", "user_id": "u1", "user_profile": ANN["user_profile"],
    "platforms": SHOP["platforms"], "tools": SHOP["tools"], "query": "Tea.", "note": 1,
}  # fmt: skip


def written(folder: Path, **files: list[object]) -> Path:
    for name, values in files.items():
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(value) + b"\n" for value in values))
    return folder


def test_parts_stand_where_the_record_has_them(tmp_path: Path) -> None:
    folder = written(tmp_path, tools=[{**SHOP, "scenario": "other"}, SHOP], users=[ANN])
    assert list(SharedParts(folder).join(dict(SLIM)).items()) == list(WHOLE.items())
    assert set(Sample.model_fields) > SHARED
    assert read_sample(orjson.dumps(SLIM), folder / "samples.jsonl") == WHOLE


@pytest.mark.parametrize("sample", [WHOLE, {**SLIM, "tools": []}, {**SLIM, "user_id": 3}, {}])
def test_what_is_whole_or_not_ours_is_left_alone(tmp_path: Path, sample: dict[str, object]) -> None:
    assert SharedParts(tmp_path).join(sample) is sample  # and no file is looked for


@pytest.mark.parametrize(
    ("tools", "users", "message"),
    [
        (None, [ANN], "tools.jsonl: no such file"),
        ([], [ANN], "tools.jsonl: no line for scenario 'shop'"),
        ([SHOP], [{**ANN, "user_id": "u2"}], "users.jsonl: no line for user_id 'u1'"),
        ([SHOP], [{"user_id": "u1"}], "users.jsonl: user_id 'u1' lacks one of user_profile"),
        ([SHOP], [7], "users.jsonl: byte 0: got int, expected an object"),
        ([SHOP, {"scenario": None}], [ANN], "tools.jsonl: byte .*: got scenario 'None', expected text"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path, tools: list[object] | None, users: list[object], message: str
) -> None:
    folder = written(tmp_path, users=users, **({} if tools is None else {"tools": tools}))
    with pytest.raises(StoreError, match=message) as raised:
        read_sample(orjson.dumps(SLIM), folder / "samples.jsonl")
    assert "\n" not in str(raised.value)
