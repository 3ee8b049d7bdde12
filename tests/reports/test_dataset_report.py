"""The report on a dataset: complete, true, the same every time, and inert whatever anybody wrote."""

import base64
import html.parser
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.records import ArgumentOrigin, Evidence
from ptool.rendering.document import as_html
from ptool.rendering.text import inert
from ptool.reports.dataset import dataset_report, write_report
from ptool.reports.dataset.examples import choose_examples, query_pieces
from ptool.reports.dataset.report_data import read_report_data
from ptool.store.dataset_index import line_digest
from report_runs import XSS, api_tree, finished_run, hostile, tame, write


class Page(html.parser.HTMLParser):
    """Every tag of a page with its attributes in order, and its texts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[str] = []
        self._in_name = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_name = (tag, attrs) == ("wbr", [])  # where a long name may be broken
        if not self._in_name:
            self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        if self._in_name:
            self.texts[-1] += data
        else:
            self.texts.append(data)
        self._in_name = False

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...], str | None]]:
        """Tags with the names of their attributes and their class."""
        return [(tag, tuple(name for name, _ in attrs), dict(attrs).get("class")) for tag, attrs in self.tags]

    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page_of(folder: Path) -> bytes:
    return as_html(dataset_report(read_report_data(folder)))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("plain") / "run", tame())


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    name = XSS[10].replace("/", "")
    return finished_run(tmp_path_factory.mktemp("attacked") / name, hostile(), file=f"{name}.jsonl")


def test_there_are_enough_attacks_and_all_of_them_are_made(attacked: Path) -> None:
    written = b"".join(file.read_bytes() for file in attacked.rglob("*.json*"))
    assert len(set(XSS)) >= 40
    assert [text for text in XSS if orjson.dumps(text)[1:-1] not in written] == []


def test_no_element_or_attribute_comes_from_any_text(plain: Path, tmp_path: Path) -> None:
    """Every attack in every text: the page has the same elements, attributes and classes as without."""
    shape, shown = Page(page_of(plain)).shape, set[str]()
    for first in range(len(XSS)):
        page = Page(page_of(finished_run(tmp_path / str(first), hostile(first))))
        assert page.shape == shape, XSS[first]
        text = page.text()
        shown |= {attack for attack in XSS if " ".join(inert(attack)[:16].split()) in text}
    assert shown == set(XSS)


def test_no_url_leads_anywhere(attacked: Path) -> None:
    page = Page(page_of(attacked))
    attributes = [(name, value) for _, attrs in page.tags for name, value in attrs]
    assert all(re.fullmatch(r"#s\d+", value or "") for name, value in attributes if name == "href")
    names = {name for name, _ in attributes}
    assert not names & {"src", "style", "action", "srcdoc", "data", "formaction", "xlink:href", "ping"}
    assert not [name for name in names if name.startswith("on")]
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
    }


def test_the_policy_allows_one_style_and_nothing_else(attacked: Path) -> None:
    page = page_of(attacked).decode()
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )  # fmt: skip
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert "url(" not in style and "@import" not in style


def test_nothing_hides_in_unseen_characters(attacked: Path) -> None:
    assert not re.search("[\u202e\u2066\u200b\ufeff\x00\x07\x1b]", page_of(attacked).decode())


def test_it_has_every_part(plain: Path) -> None:
    titles = [section.title for section in dataset_report(read_report_data(plain)).sections]
    assert titles == [
        "Beside the paper", "Examples", "Funnel", "Gates and reasons", "Origins of arguments",
        "Decidability of the platform", "Is the user needed?", "Diversity and coverage", "Platforms",
        "Preferences", "Histories", "Verifier audit", "API tree", "Feature tree",
        "API tree of the held-out scenarios", "Feature tree of the held-out scenarios", "Cost",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "expected",
    [
        "No language model took part",
        "Falls short: test: 5 samples were asked for, there are 4.",
        "40.00 % kept, of 10 episodes",
        "Fate Episodes Of all episodes played 10 100.00 % rejected by rules 2 20.00 % rejected by judges 1",
        "Reasons, the most frequent first Reason Episodes wrong_value 2 query.leak 1",
        "Origin Arguments Share query 4 50.0 % profile 3 37.5 % elsewhere 1 12.5 %",
        "100 % grounded: all 8 arguments are traced",
        "The parts add up.",
        "rules and judges together caught 7 of 8 (87.5 %), and objected to 1 of 4 untouched ones (25.0 %)",
        "40 instructions to accept were hidden in queries, profiles and platforms: 1 of 9 verdicts changed",
        "Train quoted 5 15 360 74 7,096",
        "Ours (the paper's) quoted 360 85 1,301 ✓ ✓ ✓",
        "This dataset test 4 4 1 ✓ ✓ ✓",
        "Mega 3 75.0 %",
        "shop 4 3 75.0 %",
        "user 10 1,000 50 3 0.50",
        "assistant 10 1,000 50 3 unknown",
        "together 20 2,000 100 6 0.50 10 calls unpriced",
        "solved it all the same 1",
    ],
)
def test_what_it_says(plain: Path, expected: str) -> None:
    shown = Page(page_of(plain)).text()
    assert expected in shown, shown


def test_of_a_language_model_it_does_not_say_that_there_was_none(tmp_path: Path) -> None:
    folder = changed(
        finished_run(tmp_path / "run", tame()),
        lambda statistics: statistics.update(scripted=False, model="m at x"),
    )
    shown = Page(page_of(folder)).text()
    assert "No language model took part" not in shown and "Answered by m at x" in shown


def test_a_funnel_that_does_not_add_up_is_told_in_front(tmp_path: Path) -> None:
    folder = changed(
        finished_run(tmp_path / "run", tame()), lambda statistics: statistics["funnel"].update(kept=5)
    )
    assert "The funnel does not add up" in " ".join(dataset_report(read_report_data(folder)).notes)


def test_a_run_without_gates_or_audit_claims_nothing_of_them(tmp_path: Path) -> None:
    folder = changed(
        finished_run(tmp_path / "run", tame()), lambda statistics: statistics.update(gates=[], audit=None)
    )
    shown = Page(page_of(folder)).text()
    assert "grounded" not in shown and "reveal what they should not" not in shown
    assert "Nobody was put on trial" in shown and "No gate was chosen" in shown


def test_evidence_carries_the_number_of_its_argument(plain: Path) -> None:
    """Shoes and their colour overlap in the query; the address stands in the profile."""
    page = page_of(plain).decode()
    assert '<mark class="n0">red</mark><sup class="n n1">2</sup><mark class="n0"> shoes</mark>' in page
    assert '<sup class="n n0">1</sup> to where I live.' in page
    assert (
        '<div class="n2"><dt>address</dt><dd><code>Main Street 1</code><sup class="n n2">3</sup></dd>' in page
    )
    assert "<dt>age</dt><dd><code>41</code></dd>" in page


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-3, 70), st.integers(-3, 70)), max_size=6))
def test_pieces_are_the_query_and_marks_are_the_spans(text: str, spans: list[tuple[int, int]]) -> None:
    origins = [
        ArgumentOrigin(call=0, parameter="p", value="v", origin="query", evidence=Evidence(span=span))
        for span in spans
    ]
    pieces = query_pieces(text, origins)
    assert "".join(piece.text for piece in pieces) == inert(text)
    for number, (start, end) in enumerate(spans, 1):
        marked = "".join(piece.text for piece in pieces if number in piece.numbers)
        there = 0 <= start < end <= len(text)
        assert marked == (inert(text[start:end]) if there else "")
        assert sum(number in piece.ends for piece in pieces) == there


def test_examples_are_of_many_kinds_and_the_same_every_time(plain: Path) -> None:
    examples = choose_examples(plain)
    assert {kind for example in examples for kind in example.kinds} == {
        "one call", "2 calls", "a default", "query and profile", "a twin",
    }  # fmt: skip
    assert [example.sample.id for example in choose_examples(plain, 2)] == [
        example.sample.id for example in examples[:2]
    ]
    assert "2 calls" in examples[0].kinds


def test_equal_runs_give_equal_pages(plain: Path, tmp_path: Path) -> None:
    elsewhere = finished_run(tmp_path / "run", tame())
    write_report(elsewhere, tmp_path / "a.html")
    write_report(plain, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html", "run"]


def test_a_run_without_index_has_no_examples_and_all_the_rest(tmp_path: Path) -> None:
    folder = finished_run(tmp_path / "run", tame())
    (folder / "dataset" / "index.jsonl").unlink()
    assert "There is no sample to show." in Page(page_of(folder)).text()


def test_a_huge_tree_stays_bounded_and_says_what_is_left_out(tmp_path: Path) -> None:
    folder = finished_run(tmp_path / "run", tame())
    tree = api_tree(tame(), "shop")
    apis = [{"id": f"a{number}", "kind": "api", "name": f"api{number}"} for number in range(20_000)]
    tree["nodes"] += apis
    tree["edges"] += [{"source": "shop/Mega/c", "target": api["id"]} for api in apis]
    write(folder / "api_tree.json", tree)
    page = page_of(folder)
    assert len(page) < 2_000_000
    assert re.search(r"… 14,\d{3} more, with what is below them", page.decode())


def changed(folder: Path, change: Callable[[dict], object]) -> Path:
    """A run with other statistics."""
    statistics = orjson.loads((folder / "statistics.json").read_bytes())
    change(statistics)
    write(folder / "statistics.json", statistics)
    return folder


def set_line(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda f: (f / ".ptool-run.json").unlink(), "not a run folder"),
        (lambda f: (f / "statistics.json").unlink(), "holds no statistics.json: made by an older ptool"),
        (lambda f: [(f / name).unlink() for name in ("statistics.json", "manifest.json")], "not finished"),
        (lambda f: set_line(f, "statistics.json", "{"), "statistics.json: damaged at the whole"),
        (lambda f: changed(f, lambda s: s["funnel"].update(kept="x")), "damaged at funnel.kept"),
        (lambda f: set_line(f, "manifest.json", "[]"), "manifest.json: got list, expected one object"),
        (lambda f: set_line(f, "api_tree.json", '{"nodes": [1]}'), "api_tree.json: damaged"),
        (lambda f: set_line(f, "histories.jsonl", '{"user_id": 3}'), "histories.jsonl:1: damaged at"),
        (lambda f: set_line(f, "dataset/index.jsonl", "[]"), "index.jsonl:1: damaged"),
        (lambda f: set_line(f, "dataset/index.jsonl", "{"), "index.jsonl:1: not JSON"),
        (lambda f: set_line(f, "dataset/train.jsonl", ""), "train.jsonl: the line of sample 's1' is not"),
        (lambda f: (f / "dataset/train.jsonl").unlink(), "index.jsonl says that 's1' is in it"),
        (lambda f: swapped(f, b'"origins"', b'"origens"'), "train.jsonl: sample at byte"),
        (lambda f: swapped(f, b'"tools"', b'"toolz"'), "train.jsonl: sample at byte"),
        (lambda f: named(f, "../../secret"), "got file '../../secret', expected a name in that folder"),
    ],
)
def test_damaged_runs_are_refused_in_one_line(tmp_path: Path, break_it: Callable, said: str) -> None:
    folder = finished_run(tmp_path / "run", tame())
    break_it(folder)
    with pytest.raises(StoreError) as refused:
        write_report(folder, tmp_path / "page.html")
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert not (tmp_path / "page.html").exists()


def named(folder: Path, name: str) -> None:
    """Let the index name another file."""
    index = folder / "dataset" / "index.jsonl"
    index.write_bytes(index.read_bytes().replace(b'"train.jsonl"', orjson.dumps(name)))


def swapped(folder: Path, old: bytes, new: bytes) -> None:
    """Misspell something in every sample as if it had been written so."""
    file, index = folder / "dataset" / "train.jsonl", folder / "dataset" / "index.jsonl"
    before = file.read_bytes().splitlines()
    file.write_bytes(file.read_bytes().replace(old, new))
    entries = index.read_bytes()
    for line in before:
        swap = line_digest(line).encode(), line_digest(line.replace(old, new)).encode()
        entries = entries.replace(*swap)
    index.write_bytes(entries)
