"""The report on a dataset in a real browser, with attacks in every text: nothing runs, nothing is fetched."""

import sys
from pathlib import Path

import pytest
from browser import browser, opened

sys.path.append(str(Path(__file__).parents[1] / "reports"))

SIZES = {"desktop": (1280, 900), "phone": (390, 844), "narrow phone": (320, 600)}

POLICY = "<meta http-equiv=Content-Security-Policy content=\"style-src 'none'\">"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser() is None, reason="needs a Chromium"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on a run whose texts are all attacks."""
    from ptool.reports.dataset import write_report
    from report_runs import finished_run, hostile

    folder = tmp_path_factory.mktemp("attacked")
    write_report(finished_run(folder / "run", hostile()), folder / "report.html")
    return folder / "report.html"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_and_nothing_happens(page: Path, tmp_path: Path, size: str, dark: bool) -> None:
    seen = await opened(page, tmp_path / "profile", *SIZES[size], dark)
    assert (seen.dialogs, seen.requests, seen.errors) == ([], [], [])
    assert seen.width <= seen.window == SIZES[size][0]
    assert seen.folded > 10
    assert "<script>alert(1)</script>" in seen.shown and "Dataset report" in seen.shown


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<script>alert(1)</script>", "dialogs"),
        ("<details ontoggle=alert(2)>x</details>", "dialogs"),
        ("<img src=http://127.0.0.1:9/x>", "requests"),
        ("<script>console.error('x')</script>", "errors"),
        ("<script>throw 1</script>", "errors"),
        (f"{POLICY}<p style='color:red'>x", "errors"),
    ],
)
async def test_what_would_happen_is_noticed(tmp_path: Path, body: str, found: str) -> None:
    """The watch itself can fail: a page that does each of these is found out."""
    (tmp_path / "bad.html").write_text(f"<!doctype html><title>x</title>{body}")
    assert getattr(await opened(tmp_path / "bad.html", tmp_path / "profile", 800, 600), found)


async def test_a_page_wider_than_the_phone_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(
        "<!doctype html><meta name=viewport content='width=device-width'><pre>" + "x" * 500
    )
    seen = await opened(tmp_path / "bad.html", tmp_path / "profile", 390, 844)
    assert seen.width > 390
