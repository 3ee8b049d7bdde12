"""The reports on evaluations in a real browser: samples are browsed, tables sorted, and no attack runs."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import Seen, browser, opened, tab

sys.path.append(str(Path(__file__).parents[1] / "evaluation"))
from evaluation_folders import answers, evaluated, items, somebody
from ptool.evaluation.comparison import compare
from ptool.evaluation.report import write_report
from ptool.evaluation.scoring import RawAnswer
from ptool.settings import CompareSettings, validated

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser() is None, reason="needs a Chromium"),
]

ATTACKS = (
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>", "<svg/onload=alert(3)>",
    "__proto__", "constructor", "\u202ehidden", "javascript:alert(4)",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison of a model with all right, of one with nothing right, and of one that attacks."""
    place = tmp_path_factory.mktemp("compared")
    found = [replace(item, user=ATTACKS[n % 7], query=ATTACKS[n % 7]) for n, item in enumerate(items(28))]
    attacks = [
        RawAnswer(f"{{Alpha: [findPlace({'constructor' if n % 2 else '__proto__'}={ATTACKS[n % 7]!r})]}}")
        for n in range(28)
    ]
    folders = [
        evaluated(place / "a", found, answers(found, 1.0), answered_by="right at http://x"),
        evaluated(place / "b", found, attacks, answered_by=f"{ATTACKS[0]} at http://x"),
        evaluated(
            place / "c", found, answers(found, 0.5), answered_by="a_model_with_a_long_name at http://x"
        ),
    ]
    return compared(place, folders)


def compared(place: Path, folders: list[Path]) -> Path:
    given = {"evaluations": [str(one) for one in folders], "labels": None, "sizes": None, "against": None,
             "seed": 0, "run": {"dir": str(place / "comparison")}}  # fmt: skip
    return compare(validated(given, CompareSettings)).folder / "leaderboard.html"


async def after(page: Path, profile: Path, *scripts: str, width: int = 1280) -> tuple[Any, Seen]:
    """What the last of our scripts finds in the page, and what happened."""
    async with tab(profile) as one:
        for domain in ("Page", "Log", "Runtime", "Network"):
            await one.ask(f"{domain}.enable")
        await one.ask("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1,
                      mobile=width < 600)  # fmt: skip
        one.page = page.as_uri()
        await one.ask("Page.navigate", url=one.page)
        await one.until_loaded()
        value = None
        for script in scripts:
            await asyncio.sleep(1.0)  # the samples are unpacked, or what was opened is filled
            value = await one.value(script)
        return value, one.seen


@pytest.mark.parametrize("width", [1280, 390])
async def test_whatever_was_answered_nothing_runs(page: Path, tmp_path: Path, width: int) -> None:
    seen = await opened(page, tmp_path / "profile", width, 844)
    assert (seen.dialogs, seen.requests, seen.errors) == ([], [], [])
    assert seen.width <= seen.window == width
    opening = "document.querySelectorAll('details').forEach((each) => { each.open = true })"
    shown, seen = await after(
        page, tmp_path / "two", opening, opening, "document.body.innerText", width=width
    )
    assert (seen.dialogs, seen.requests, seen.errors) == ([], [], [])
    assert "28 of 28 samples" in shown and "<script>alert(1)</script>" in shown
    assert shown.count("Function\tArgument\tExpected\tAnswered") == 3 * 28 and "A profile:" in shown
    assert "\u202e" not in shown and "\\u202ehidden" in shown


@pytest.mark.parametrize(
    ("choices", "count"),
    [
        ({"outcome": "0r2w"}, "28 of 28"),
        ({"outcome": "2r0w"}, "0 of 28"),
        ({"scenario": "travel"}, "7 of 28"),
        ({"user": "constructor", "scenario": "travel"}, "1 of 28"),
        ({"text": "onERROR"}, "4 of 28"),
    ],
)
async def test_filters_count_what_they_leave(
    page: Path, tmp_path: Path, choices: dict[str, str], count: str
) -> None:
    script = f"""(() => {{ const form = document.querySelector('.browser form');
      Object.entries({choices!r}).forEach(([name, value]) => {{ form.elements[name].value = value }});
      form.dispatchEvent(new Event('input'));
      return document.querySelector('.browser > p').textContent }})()"""
    shown, seen = await after(page, tmp_path / "profile", script)
    assert (shown, seen.errors) == (f"{count} samples", [])


async def test_a_click_on_a_heading_sorts(page: Path, tmp_path: Path) -> None:
    script = """(() => { const table = document.querySelector('table.sortable');
      const overall = [...table.querySelectorAll('th')].findIndex((one) => one.textContent === 'Overall');
      const press = () => table.querySelectorAll('th')[overall].querySelector('button').click();
      const number = (row) => parseFloat(row.cells[overall].innerText);
      const column = () => [...table.tBodies[0].rows].map(number);
      const found = []; press(); found.push(column()); press(); found.push(column()); return found })()"""
    (down, up), seen = await after(page, tmp_path / "profile", script)
    assert down == sorted(down, reverse=True) and up == down[::-1] and down[0] == 100.0 and down[2] == 0.0
    assert seen.errors == []


async def test_on_a_phone_overall_stays_in_sight(page: Path, tmp_path: Path) -> None:
    """In every table that has it, those of the paper and of scenarios included."""
    script = """(() => { document.querySelectorAll('details').forEach((one) => { one.open = true });
      const heads = [...document.querySelectorAll('th')].filter((one) => one.innerText === 'Overall');
      const kept = [...heads, ...document.querySelectorAll('.keep')];
      const hidden = kept.map((one) => one.getBoundingClientRect())
        .filter((box) => box.left < 0 || box.right > innerWidth || box.width < 40);
      return [heads.length, hidden.length] })()"""
    write_report(page.parent.parent / "c")
    for each, least in ((page, 5), (page.parent.parent / "c" / "report.html", 5)):
        (tables, hidden), _ = await after(each, tmp_path / each.stem, script, width=390)
        assert (tables >= least, hidden) == (True, 0), each.name


async def test_names_are_not_broken_in_the_middle(tmp_path: Path) -> None:
    """Short ones stay on their line; a long one is broken where its parts meet."""
    long = "a_model_with_aRatherLong_name-32B-Instruct"
    folders = [somebody(tmp_path / name, 0.5, answered_by=name) for name in ("copy_profile", long)]
    script = """[...document.querySelectorAll('table:not(.stacked) td.word > code')]
      .filter((one) => one.offsetParent).map((one) => {
        const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), lines = [];
        for (let node = walker.nextNode(), top = -1; node; node = walker.nextNode())
          for (let at = 0; at < node.length; at += 1) {
            const range = document.createRange(); range.setStart(node, at); range.setEnd(node, at + 1);
            const box = range.getBoundingClientRect();
            if (Math.abs(box.top - top) > 3) { lines.push(''); top = box.top }
            lines[lines.length - 1] += node.data[at] }
        return lines })"""
    found, _ = await after(compared(tmp_path, folders), tmp_path / "profile", script, width=390)
    assert ["copy_profile"] in found
    ends = {len(part) for part in ("a_", "a_model_", "a_model_with_", "a_model_with_a")}
    ends |= {long.index(part) for part in ("Long", "name", "32B", "Instruct")}
    broken = [lines for lines in found if "".join(lines) == long]
    assert broken and all(len("".join(lines[:at])) in ends for lines in broken for at in range(1, len(lines)))
