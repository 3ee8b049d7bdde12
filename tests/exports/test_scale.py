"""Memory does not grow with the samples of an export."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from export_bench import sample

USERS, EACH = 2_000, 10
MEASURE = """
import resource, sys
from export_bench import export
rss = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
export(data=sys.argv[1], format=sys.argv[3], out=f"{sys.argv[4]}/out-few")
before = rss()
finished = export(data=sys.argv[2], format=sys.argv[3], out=f"{sys.argv[4]}/out-many")
print(finished.records, rss() - before)
"""


def shared(folder: Path, users: int) -> Path:
    """A dataset in the shared form: ten samples a user, each user with a profile of six kilobytes."""
    folder.mkdir()
    one = sample()
    tools = {"scenario": "shop", "platforms": one["platforms"], "tools": one["tools"]}
    (folder / "tools.jsonl").write_text(json.dumps(tools) + "\n")
    with (folder / "users.jsonl").open("w") as file:
        for user in range(users):
            profile = {"basic_features": {"note": f"{user} " * 1_000}, "user_history": {}}
            file.write(json.dumps({"user_id": f"u{user}", "user_profile": profile}) + "\n")
    with (folder / "samples.jsonl").open("w") as file:
        for number in range(users * EACH):
            line = sample(number, user_id=f"u{number // EACH}", id=f"s{number:06}")
            left = {key: line[key] for key in line if key not in ("platforms", "tools", "user_profile")}
            file.write(json.dumps(left) + "\n")
    return folder / "samples.jsonl"


@pytest.mark.slow
@pytest.mark.parametrize("format", ["messages", "ptbench", "jsonl", "kto", "bfcl", "parquet"])
def test_memory_is_constant(tmp_path: Path, format: str) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    few, many = shared(tmp_path / "few", 20), shared(tmp_path / "many", USERS)
    words = [sys.executable, "-c", MEASURE, str(few), str(many), format, str(tmp_path)]
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=600, check=True)
    records, grown = map(int, done.stdout.split())
    assert records >= USERS * EACH and grown < 40, done.stdout
