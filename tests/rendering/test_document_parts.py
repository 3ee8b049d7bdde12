"""The charts and parts of documents: true to their numbers, and the same in Markdown as in HTML."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.rendering.charts import funnel_chart, heat_map, stacked_bar_chart
from ptool.rendering.document import (
    Branch,
    Cell,
    Document,
    Facts,
    Fold,
    Outline,
    Passage,
    Piece,
    Row,
    Section,
    Table,
    as_html,
    as_markdown,
    as_svg,
    breakable,
    foreign,
)
from ptool.rendering.radial import CORE, MOST_SECTORS, SIZE, Sector, radial_tree


def numbers(svg: str, tag: str, attribute: str) -> list[float]:
    """An attribute of every element of a tag."""
    return [float(number) for number in re.findall(rf'<{tag} [^>]*?\b{attribute}="(-?[\d.]+)"', svg)]


def tips(svg: str) -> list[str]:
    return re.findall(r"<title>([^<]*)</title>", svg)[1:]


def test_steps_end_where_the_next_begin() -> None:
    svg = funnel_chart("s", "S", ("made", 100), [("rules", 20), ("judges", 30)], "kept").svg
    left, wide = numbers(svg, "rect", "x"), numbers(svg, "rect", "width")
    assert wide[1:] == pytest.approx([0.2 * wide[0], 0.3 * wide[0], 0.5 * wide[0]], abs=0.1)
    assert left[1] + wide[1] == pytest.approx(left[0] + wide[0], abs=0.1)
    assert left[2] + wide[2] == pytest.approx(left[1], abs=0.1)
    assert left[3] + wide[3] == pytest.approx(left[2], abs=0.1)
    assert "50.0%" in svg and "kept: 50" in svg


@pytest.mark.parametrize(("words", "named"), [(4, ["Value", "From", "Evidence"]), (1, [])])
def test_a_table_of_words_names_its_cells_for_narrow_screens(words: int, named: list[str]) -> None:
    row = Row((Cell("1"), Cell("tea"), Cell("query"), Cell("characters 3 to 6")))
    table = Table(("", "Value", "From", "Evidence"), (row,), "Answer", words=words)
    page = as_html(Document("t", Cell("t"), sections=(Section("S", parts=(table,)),))).decode()
    assert re.findall(r'data-name="(\w+)"', page) == named
    assert ('<table class="stacked">' in page) == bool(named)


def test_steps_of_nothing_are_drawn() -> None:
    svg = funnel_chart("s", "S", ("made", 0), [("rules", 0)], "kept").svg
    assert numbers(svg, "rect", "width") == [0.0, 0.0, 0.0]


def test_a_stack_is_as_wide_as_its_parts() -> None:
    svg = stacked_bar_chart("s", "S", {"shop": {"Mega": 3, "Mini": 1, "None": 0}, "empty": {"Mega": 0}}).svg
    first, second = numbers(svg, "rect", "width")
    assert first == pytest.approx(3 * second, abs=0.2)
    assert {"shop, Mega: 3 (75.0%)", "shop, Mini: 1 (25.0%)"} <= set(tips(svg))


def test_a_heat_map_is_darkest_where_most_are_and_counts_by_row() -> None:
    counts = {("food", "Mega"): 3, ("food", "Mini"): 1, ("toys", "Mini"): 5}
    svg = heat_map("h", "H", ["food", "toys", "none"], ["Mega", "Mini"], counts).svg
    shades = numbers(svg, "rect", "fill-opacity")
    assert re.findall(r">(\d+%)<", svg) == ["75%", "25%", "0%", "100%", "0%", "0%"]
    assert shades[3] > shades[0] > shades[1] > shades[2] == shades[4]
    assert {"food, Mega: 3 of 4", "none, Mini: 0 of 0"} <= set(tips(svg))


def test_sectors_take_the_room_of_what_is_around_them() -> None:
    tree = (Sector("a", "A", (Sector("b", "B"), Sector("c", "C"), Sector("d", "D"))), Sector("e", "E"))
    svg = radial_tree("r", "R", tree).svg
    path = re.findall(r' d="M([\d.]+) ([\d.]+)L[^A]*A[\d.]+ [\d.]+ 0 (\d)', svg)
    assert [flag for *_, flag in path] == ["1", "0", "0", "0", "0"]  # three quarters, then a quarter
    middle = SIZE / 2
    assert path[0][:2] == (f"{middle:g}", f"{middle - CORE:g}")
    assert path[1][:2] == (f"{middle - CORE:g}", f"{middle:g}")  # after three quarters of a turn
    assert [name for name in tips(svg) if name in "ABCDE"][:5] == ["A", "E", "B", "C", "D"]


@given(st.recursive(st.just(()), lambda below: st.lists(below, max_size=4).map(tuple), max_leaves=30))
def test_any_tree_is_drawn_inside_its_picture(shape: tuple) -> None:
    def grown(below: tuple) -> Sector:
        return Sector("n<&>", "t", tuple(map(grown, below)))

    picture = radial_tree("r", "R", tuple(map(grown, shape)), [2.0])
    drawn = ElementTree.fromstring(as_svg(picture))
    places = [
        float(number) for path in drawn.iter() for number in re.findall(r"-?\d+\.?\d*", path.get("d", ""))
    ]
    assert all(0 <= place <= SIZE for place in places)


def test_of_a_huge_tree_the_inner_rings_are_drawn() -> None:
    tree = [Sector(f"p{number}", "", tuple([Sector("leaf", "")] * 50)) for number in range(100)]
    drawn = radial_tree("r", "R", tree).svg.count("<path")
    assert drawn == 100 <= MOST_SECTORS < 5_100


PARTS = Document(
    "T",
    Cell("who"),
    sections=(
        Section(
            "S",
            (),
            (
                Passage("Query", (Piece("a "), Piece("<b>", True, (1,), (1, 2)), Piece("c"))),
                Facts("Profile", ((foreign("city"), foreign("Malmö", numbers=(3,))),)),
                Outline("Tree", (Branch(foreign("x"), Cell("about"), (Branch(foreign("y")),)),)),
                Fold(foreign("`f`"), (Passage("In", (Piece("side"),)),), "tag"),
            ),
        ),
    ),
    contents=True,
)


def test_parts_as_markdown() -> None:
    assert as_markdown(PARTS).decode().splitlines()[6:] == [
        "",
        "**Query**: a `<b>`[1][2]c",
        "",
        "**Profile**",
        "",
        "- `city`: `Malmö`[3]",
        "",
        "**Tree**",
        "",
        "- `x`: about",
        "  - `y`",
        "",
        "### `` `f` ``",
        "",
        "**In**: side",
    ]


@pytest.mark.parametrize(
    "part",
    [
        '<b>Query</b>a <mark class="n0">&lt;b&gt;</mark><sup class="n n0">1</sup><sup class="n n1">2</sup>c',
        '<dt>city</dt><dd><code>Malmö</code><sup class="n n2">3</sup></dd>',
        '<summary><code>x</code> <span class="soft">about</span></summary><ul>',
        '<details class="fold"><summary><span class="tag">tag</span> <code>`f`</code></summary>',
        '<li><a href="#s1">S</a></li>',
        '<section id="s1"><h2>S</h2>',
    ],
)
def test_parts_as_html(part: str) -> None:
    assert part in as_html(PARTS).decode()


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("copy_profile", "copy_profile"),
        ("a_model_with_a_name", "a_<wbr>model_<wbr>with_<wbr>a_<wbr>name"),
        ("getShipmentStatus", "get<wbr>Shipment<wbr>Status"),
        ("org/model:7b.Q4_K", "org/<wbr>model:<wbr>7b.<wbr>Q4_<wbr>K"),
        ("<b>aB</b> & 'x_y' _", "&lt;b&gt;a<wbr>B&lt;/<wbr>b&gt; &amp; &#39;x_<wbr>y&#39; _"),
        ("a plain sentence stays", "a plain sentence stays"),
    ],
)
def test_long_names_break_where_their_parts_meet(name: str, html: str) -> None:
    assert str(breakable(name)) == html
