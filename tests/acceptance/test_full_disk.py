"""A disk that is really full: a file system of a few kilobytes, which only root may make."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance_bench import derived, terminal
from ptool.store import Ledger

WORDS = ("scenario=tiny", "run.dir=disk/run")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system at `disk`, 40 KB at first; it can be made larger."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None or not mounted(place, "size=40k"):
        pytest.skip("no right to mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def mounted(place: Path, options: str) -> bool:
    """Whether the file system could be made, or made larger."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.slow
def test_room_made_bit_by_bit(disk: Path, tmp_path: Path) -> None:
    """The same command, with half as much room again each time, ends with the bytes of any other run."""
    assert terminal("scenario=tiny", "run.dir=run", folder=tmp_path).status == 0
    faults, size = [], 40
    while (done := terminal(*WORDS, folder=tmp_path)).status != 0:
        assert (done.status, len(done.faults)) == (2, 1), done
        assert "disk full" in done.faults[0]
        faults.append(done.faults[0])
        if (disk / "run" / "ledger.sqlite").is_file() and size >= 200:
            with Ledger(disk / "run" / "ledger.sqlite") as ledger:
                ledger.check()
        size = size * 3 // 2
        assert size < 5000
        assert mounted(disk, f"remount,size={size}k")
    assert any("ledger.sqlite" in fault for fault in faults)
    assert any(".json" in fault or ".svg" in fault for fault in faults)
    assert derived(disk / "run") == derived(tmp_path / "run")
