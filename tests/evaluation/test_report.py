"""Reports: complete, the same from the same files, and inert whatever a model wrote."""

import html.parser
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from evaluation_folders import answers, evaluated, items, somebody
from ptool.errors import StoreError
from ptool.evaluation.report import write_report
from ptool.evaluation.scoring import NoAnswer, RawAnswer
from ptool.rendering.charts import Bar, Point, bar_chart, grouped_bar_chart, line_chart, pie_chart
from ptool.rendering.document import Cell, Document, Row, Section, Table, as_html, as_markdown
from ptool.rendering.text import inert, interval, p_value, percent

XSS = [
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "`` ` ``` <b>x</b> ``",
    "| a | b |\n| --- | --- |\n# heading",
    "[x](javascript:alert(1)) ![y](http://127.0.0.1/z)",
    "]]></title></svg><script>alert(1)</script>",
    "\u202egnp.exe\u0000\u0007\u001b[31m",
]
TEXT_TAGS = {
    "h1",
    "h2",
    "p",
    "b",
    "span",
    "small",
    "code",
    "wbr",
    "title",
    "dl",
    "dt",
    "dd",
    "figcaption",
    "summary",
}
FRAME_TAGS = {
    "html",
    "head",
    "meta",
    "style",
    "body",
    "header",
    "main",
    "div",
    "section",
    "figure",
    "details",
    "script",
}
TABLE_TAGS = {"table", "caption", "thead", "tr", "th", "tbody", "td"}
PICTURE_TAGS = {"svg", "line", "text", "rect", "path", "circle"}
TAGS = TEXT_TAGS | FRAME_TAGS | TABLE_TAGS | PICTURE_TAGS


class Tags(html.parser.HTMLParser):
    """Collects every tag and attribute of a page, and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(page: bytes) -> Tags:
    found = Tags()
    found.feed(page.decode())
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation with its report."""
    made = somebody(tmp_path_factory.mktemp("report") / "eval", 0.5)
    write_report(made)
    return made


def files(folder: Path) -> dict[str, bytes]:
    found = (one for one in folder.rglob("*") if one.is_file())
    return {str(one.relative_to(folder)): one.read_bytes() for one in found}


def test_every_number_of_the_scores_is_in_both_reports(folder: Path) -> None:
    scores = json.loads((folder / "scores.json").read_text())
    markdown, page = (folder / "report.md").read_text(), (folder / "report.html").read_text()
    for section in scores["scores"].values():
        for name, one in section.items():
            if name != "samples" and not name.endswith("_by_sample"):
                assert percent(one["value"]) in markdown
                assert interval(one["low"], one["high"]) in markdown
                assert percent(one["value"]) in page


def test_it_has_every_part(folder: Path) -> None:
    headings = re.findall(r"^## (.*)$", (folder / "report.md").read_text(), re.MULTILINE)
    assert headings == [
        "Scores", "Floors and ceilings", "Mistakes", "Examples of mistakes", "By scenario",
        "By platform to choose", "By capability", "By number of calls", "By user",
        "Other ways of reading and scoring", "Some answers", "Browse the samples",
        "What the columns mean",
    ]  # fmt: skip
    assert {one for one in files(folder) if one.endswith(".svg")} == {
        f"pictures/{one}.svg"
        for one in ("accuracy", "baselines", "errors", "by_scenario", "by_platform", "by_capability",
                    "by_calls", "by_user")
    }  # fmt: skip


def test_every_picture_the_markdown_links_to_exists(folder: Path) -> None:
    linked = re.findall(r"!\[[^]]*\]\(([^)]*)\)", (folder / "report.md").read_text())
    assert linked and all((folder / one).is_file() for one in linked)


def test_writing_it_again_changes_no_byte(folder: Path, tmp_path: Path) -> None:
    before = files(folder)
    write_report(folder)
    assert files(folder) == before
    elsewhere = somebody(tmp_path / "another_place", 0.5)
    write_report(elsewhere)
    assert files(elsewhere) == before


def test_the_page_needs_nothing_and_nobody(folder: Path) -> None:
    page = (folder / "report.html").read_bytes()
    found = read(page)
    assert found.tags <= TAGS
    assert not found.attributes & {"src", "href", "style", "onload", "action"}
    assert b"default-src 'none'; style-src 'sha256-" in page
    assert len(re.findall(rb"<script>", page)) == 1 and page.count(b"script-src 'sha256-") == 1
    assert page.count(b"<script") == 2  # ours, and the samples, which are data
    assert b"@import" not in page and b"url(" not in page


def test_texts_of_others_stay_texts(tmp_path: Path) -> None:
    """Every field that a model, a dataset or an endpoint may write."""
    hostile = [
        replace(one, id=f"{number}{one.id}{text}")
        for number, text in enumerate(XSS)
        for one in items(4, user=text, scenario=text, platform=text, query=text, group=None,
                         capabilities={"findPlace": text, "bookPlace": text})
    ]  # fmt: skip
    given = [answer_of(one.query, place) for place, one in enumerate(hostile)]
    made = evaluated(tmp_path / "eval", hostile, given, answered_by=XSS[0] + XSS[1], data=XSS[3])
    write_report(made)
    found = read((made / "report.html").read_bytes())
    assert found.tags <= TAGS
    assert not {one for one in found.attributes if one.startswith("on")} | found.attributes & {"src", "href"}
    assert XSS[0] in "".join(found.texts)
    for name, content in files(made).items():
        text = content.decode()
        if name.endswith(".svg"):
            drawn = read(content)
            assert drawn.tags <= PICTURE_TAGS | {"title", "style"}
            assert not {one for one in drawn.attributes if one.startswith("on")}
            ElementTree.fromstring(content)
        if name.startswith("report"):
            assert not re.search("[\u202e\x00\x07\x1b]", text)
    assert_inert((made / "report.md").read_text())


def answer_of(text: str, place: int) -> RawAnswer | NoAnswer:
    """Hostile text as a whole answer, inside a readable one, and as the reason of none."""
    if place % 7 == 6:
        return NoAnswer("unreachable", text)
    return RawAnswer(text if place % 2 else f"{{Alpha: [findPlace(town={text!r})]}}")


def assert_inert(markdown: str) -> None:
    """Outside code spans there is no tag, no link but to pictures, and every table is whole."""
    width = 0
    for line in markdown.splitlines():
        bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "CODE", line)
        assert not re.search(r"<(?!/?u>|\s|\d)", bare), line
        assert re.sub(r"!\[[^]]*\]\(pictures/\w+\.svg\)", "", bare).count("](") == 0, line
        if line.startswith("|"):
            columns = len(re.findall(r"(?<!\\)\|", line)) - 1
            assert width in (0, columns), line
            width = columns
        else:
            width = 0


def test_samples_without_an_answer_are_said_and_not_counted(tmp_path: Path) -> None:
    found = items(12)
    given = [NoAnswer("rate_limit", "429"), *answers(found[1:], 1.0)]
    made = evaluated(tmp_path / "eval", found, given)
    write_report(made)
    text = (made / "report.md").read_text()
    assert "1 sample of 12 could not be answered" in text and "- **Scored**: 11 samples" in text
    assert "`1 (rate_limit 1)`" in text
    assert "| 100.00 (" in text


def test_an_evaluation_without_any_answer_has_a_report(tmp_path: Path) -> None:
    found = items(3)
    write_report(evaluated(tmp_path / "eval", found, [NoAnswer("unreachable", "no")] * 3))
    assert "No sample could be scored" in (tmp_path / "eval" / "report.md").read_text()


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"by": "baseline", "baseline": "gold"}, "No language model took part"),
        ({"answered_by": "scripted: no language model …"}, "how regular that data is"),
        ({"scorer": "official"}, "its slips included"),
    ],
)
def test_what_makes_a_number_less_than_it_seems_is_said(tmp_path: Path, about: dict, message: str) -> None:
    made = somebody(tmp_path / "eval", 0.5, **about)
    write_report(made)
    assert message in (made / "report.md").read_text() and message in (made / "report.html").read_text()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: (f / "scores.json").unlink(), "holds no scores.json"),
        (lambda f: (f / "scores.json").write_text("{"), "damaged"),
        (lambda f: (f / "scores.json").write_text('{"format": 9}'), "of format 9, expected 1"),
        (lambda f: (f / "scores.json").write_text('{"format": 1}'), "damaged (no evaluated)"),
        (lambda f: without(f, "errors", "examples"), "damaged (KeyError 'examples')"),
        (lambda f: (f / "per_sample.jsonl").write_text('{"id": "x"}\n'), "per_sample.jsonl:1: no sample"),
        (lambda f: (f / "per_sample.jsonl").write_text("[1]\n"), "per_sample.jsonl:1: no sample"),
        (lambda f: (f / "per_sample.jsonl").write_text("{\n"), "per_sample.jsonl:1: not JSON"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path: Path, break_it, message: str) -> None:
    made = somebody(tmp_path / "eval", 0.5, count=8)
    break_it(made)
    with pytest.raises(StoreError) as refused:
        write_report(made)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def without(folder: Path, *keys: str) -> None:
    """Leave one key out of scores.json."""
    scores = json.loads((folder / "scores.json").read_text())
    here = scores
    for key in keys[:-1]:
        here = here[key]
    del here[keys[-1]]
    (folder / "scores.json").write_text(json.dumps(scores))


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such folder"):
        write_report(tmp_path / "nowhere")


def test_unseen_characters_are_written_out() -> None:
    assert inert("a\u202eb\x00\ud800\nc") == "a\\u202eb\\u0000\\ud800 c"
    assert inert("x" * 300, 10) == "xxxxxxxxxx … (300 characters)"


def test_numbers_as_people_read_them() -> None:
    assert [percent(one) for one in (None, 0.0, 0.12345, 1.0)] == ["n/a", "0.00", "12.35", "100.00"]
    assert [p_value(one) for one in (None, 0.00002, 0.5)] == ["", "< 0.0001", "0.5000"]


def test_a_bar_is_as_long_as_its_share() -> None:
    svg = bar_chart("b", "B", [Bar("half", 0.5, 0.25, 0.75), Bar("whole", 1.0), Bar("none", None)]).svg
    half, whole = (float(one) for one in re.findall(r'<rect class="answers"[^>]* width="([\d.]+)"', svg))
    assert half * 2 == pytest.approx(whole, abs=0.2)
    assert svg.count('class="whisker"') == 1 and "50.00 (25–75)" in svg and "n/a" in svg


def test_long_names_of_one_family_differ_in_a_chart() -> None:
    family = [f"Qwen2.5-Coder-1.5B-Instruct-{kind}" for kind in ("sft", "dpo")]
    svg = bar_chart("b", "B", [Bar(name, 0.5) for name in family]).svg
    assert "Qwen2.5-Coder…Instruct-sft" in svg and "Qwen2.5-Coder…Instruct-dpo" in svg


def test_slices_of_a_pie_close_its_circle() -> None:
    svg = pie_chart("p", "P", [("a", 0.25), ("b", 0.75), ("c", 0.0)]).svg
    assert re.findall(r"A92 92 0 (\d) 1 ([\d.]+) ([\d.]+)Z", svg) == [("0", "194", "102"), ("1", "102", "10")]
    assert "<circle" in pie_chart("p", "P", [("a", 1.0), ("b", 0.0)]).svg


def test_groups_and_lines_leave_out_what_is_not_there() -> None:
    drawn = grouped_bar_chart("g", "G", {"All": [Bar("x", 0.5), Bar("y", None)], "None": [Bar("x", 0.1)]}).svg
    assert (
        len(re.findall(r'<rect class="s\d" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="[\d.]+">', drawn))
        == 2
    )
    points = [
        Point(7, "7B", Bar("m", 0.4)),
        Point(0.5, "500M", Bar("m", 0.1)),
        Point(3, "3B", Bar("m", None)),
    ]
    drawn = line_chart("l", "L", {"m": points}).svg
    assert drawn.count("<circle") == 2 and drawn.count('class="line s0"') == 1
    assert drawn.index("500M") < drawn.index(">7B<")


def test_code_spans_hold_backticks_and_pipes() -> None:
    cells = tuple(Cell(text, foreign=True) for text in ("a|b", "`x`", "``", "", "plain"))
    table = Table(("1", "2", "3", "4", "5"), (Row(cells),))
    document = Document("T", Cell("who"), sections=(Section("S", (), (table,)),))
    last = as_markdown(document).decode().splitlines()[-1]
    assert last == "| `a\\|b` | `` `x` `` | ``` `` ``` |  | `plain` |"
    assert b"<code>a|b</code>" in as_html(document)
