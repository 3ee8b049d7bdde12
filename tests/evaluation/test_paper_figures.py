"""Figures for a paper: those the evaluations give, the same bytes every time, and names as text."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from evaluation_folders import somebody
from ptool.errors import ConfigError
from ptool.evaluation import figures
from ptool.evaluation.comparison import compare
from ptool.settings import CompareSettings, validated

drawn = pytest.mark.skipif(find_spec("matplotlib") is None, reason="needs the extra viz")


def settings(folders: list[Path], out: Path, **changes: object) -> CompareSettings:
    given = {"evaluations": [str(one) for one in folders], "labels": None, "sizes": None, "against": None,
             "seed": 0, "figures": True, "run": {"dir": str(out)}}  # fmt: skip
    return validated(given | changes, CompareSettings)


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two sizes of a model, one under two variants; their names hold what could be read as maths."""
    return [
        somebody(tmp_path / "a", 0.3, answered_by="$m^2_-1B at http://x"),
        somebody(tmp_path / "b", 0.7, answered_by="$m^2_-7B at http://x"),
        somebody(tmp_path / "c", 0.2, answered_by="$m^2_-7B at http://x", variant="none"),
    ]


@drawn
def test_the_figures_of_a_comparison(folders: list[Path], tmp_path: Path) -> None:
    place = compare(settings(folders, tmp_path / "out")).folder / "figures"
    names = {
        f"{name}.{kind}"
        for name in ("overall", "ablation_1", "mistakes", "scaling")
        for kind in ("pdf", "svg")
    }
    assert {path.name for path in place.iterdir()} == names
    assert (place / "overall.pdf").read_bytes().startswith(b"%PDF")
    overall = (place / "overall.svg").read_text()
    assert "$m^2_-7B" in overall and "Overall accuracy" in overall
    assert "CreationDate" not in (place / "overall.pdf").read_bytes().decode("latin-1")


@drawn
def test_equal_scores_give_equal_bytes(folders: list[Path], tmp_path: Path) -> None:
    first, second = (compare(settings(folders, tmp_path / name)).folder for name in ("one", "two"))
    for path in sorted((first / "figures").iterdir()):
        assert path.read_bytes() == (second / "figures" / path.name).read_bytes(), path.name


def test_without_matplotlib_it_is_refused_before_anything_is_done(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"figures: needs matplotlib; pip install 'ptool\[viz\]'"):
        compare(settings(folders, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
