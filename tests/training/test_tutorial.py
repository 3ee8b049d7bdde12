"""docs/tutorial.md is true: its commands are run in order, with a tiny random model as models/base."""

import importlib
import re
import shlex
from pathlib import Path

import ptool
import pytest
from tiny_model import make_model, needs_extra

PAGE = Path(ptool.__file__).parent / "docs" / "tutorial.md"

pytestmark = [
    needs_extra,
    pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree"),
]

SHORTER = {
    "ptool.train": ["device=cpu", "n=4", "train.accumulate=2"],
    "ptool.evaluate": ["n=6", "sampling.max_tokens=4"],
}
"""What is added to a command so that it takes seconds."""


def test_the_commands_lead_to_a_tuned_and_evaluated_model(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_model(tmp_path / "models" / "base", run)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    commands = [line for block in blocks for line in block.splitlines() if line.startswith("python ")]
    for command in commands:
        words = shlex.split(command)
        assert words[:2] == ["python", "-m"]
        job = importlib.import_module(words[2])  # in this process: most of a short command is importing
        assert job.main([*words[3:], *SHORTER.get(words[2], [])]) == 0, command
    made = {path.name for path in (tmp_path / "runs").iterdir()}
    assert made == {"data", "before", "tuned", "after", "comparison", "preferred", "last"}
