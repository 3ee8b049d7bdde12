"""Every file that a command leaves has a name that every file system takes, Windows' included."""

import importlib
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])( *\..*)?", re.IGNORECASE)
REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$|[^\x20-\x7e]')
WHOLE = (
    "experiment=paper", "scenario=tiny", "users=6", "queries_per_user=4", "platforms=2", "apis=6",
    "twins=true",
    "strangers=1", "audit.samples=2", "splits.untrained_users=2", "splits.most.untrained=2",
    "splits.most.trained=2", "splits.unseen.users=2",
    "splits.unseen.queries={finance: 2, lifestyle: 2, knowledge: 2}", "min_yield=0", "min_decidability=0",
)  # fmt: skip


def refused(names: Iterable[str]) -> list[str]:
    """The names that some file system would refuse, or hold for equal."""
    names = list(names)
    lower = [name.lower() for name in names]
    return [
        name
        for name in names
        if REFUSED.search(name)
        or RESERVED.fullmatch(name)
        or len(name) > 120
        or lower.count(name.lower()) > 1
    ]


@pytest.mark.parametrize(
    "name",
    ["a:b", "con", "NUL.txt", "Com1.json", "aux .md", "end.", "end ", "a/b", "a?b", "naïve", "x" * 121],
)
def test_the_rule_knows_what_is_refused(name: str) -> None:
    assert refused([name, "console.txt", ".lock", "com10", "null.md"]) == [name]


def test_names_that_differ_in_case_alone_are_refused() -> None:
    assert refused(["Report.md", "report.md", "other.md"]) == ["Report.md", "report.md"]


def command(name: str, *words: str) -> None:
    assert importlib.import_module(f"ptool.{name}").main(list(words)) == 0


def test_every_file_of_every_command_has_such_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command("run", *WHOLE)
    (run,) = (tmp_path / "runs").iterdir()
    data = run.rename(tmp_path / "Käse: 1?.").relative_to(tmp_path)
    command("report", f"run='{data}'")
    for baseline in ("gold", "random"):
        command("evaluate", f"data='{data}'", f"baseline={baseline}")
    command("compare", *(str(each) for each in (tmp_path / "runs").glob("eval-*")))
    command("export", f"data='{data}'")
    folders = [tmp_path / data, *(folder for folder in tmp_path.rglob("*") if folder.is_dir())]
    assert len(list((tmp_path / "runs").iterdir())) == 4
    found = {
        str(folder.relative_to(tmp_path)): refused(
            file.name for file in folder.iterdir() if file != tmp_path / data
        )
        for folder in folders
    }
    assert {folder: names for folder, names in found.items() if names} == {}
