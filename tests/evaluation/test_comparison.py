"""Comparisons: who is ahead, on which samples, by what test, and beside which quoted rows."""

import csv
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from evaluation_folders import answers, evaluated, items, somebody
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.benchmark.paper_results import paper_table
from ptool.benchmark.statistics import mcnemar
from ptool.errors import ConfigError, StoreError
from ptool.evaluation.comparison import FinishedComparison, compare
from ptool.evaluation.leaderboard_entries import size_of
from ptool.evaluation.scoring import NoAnswer
from ptool.settings import CompareSettings, validated


def asked(*folders: Path, **changes: object) -> CompareSettings:
    """Settings of a comparison, written beside the first folder."""
    given = {"evaluations": [str(one) for one in folders], "labels": None, "sizes": None, "against": None,
             "seed": 0, "run": {"dir": str(folders[0].parent / "comparison")}}  # fmt: skip
    return validated(given | changes, CompareSettings)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A good, a weak and a perfect evaluation of the same samples."""
    place = tmp_path_factory.mktemp("three")
    return [
        somebody(place / "good", 0.8, answered_by="good-7B at http://x/v1"),
        somebody(place / "weak", 0.2, answered_by="weak-7B at http://x/v1"),
        somebody(place / "gold", 1.0, answered_by="baseline gold", by="baseline", baseline="gold"),
    ]


@pytest.fixture(scope="module")
def found(three: list[Path]) -> FinishedComparison:
    return compare(asked(*three))


def table(folder: Path, name: str = "leaderboard.csv") -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def text_of(found: FinishedComparison) -> str:
    return (found.folder / "leaderboard.md").read_text()


def headings(found: FinishedComparison) -> list[str]:
    return re.findall(r"^## (.*)$", text_of(found), re.MULTILINE)


def flags(folder: Path, name: str) -> list[bool]:
    return [json.loads(line)[name] for line in (folder / "per_sample.jsonl").read_text().splitlines()]


def test_the_best_comes_first_with_the_numbers_of_its_own_report(
    found: FinishedComparison, three: list[Path]
) -> None:
    rows = [one for one in table(found.folder) if one["table"] == "leaderboard"]
    assert [one["who"] for one in rows] == ["gold", "good-7B", "weak-7B"]
    for one, folder in zip(rows, (three[2], three[0], three[1]), strict=True):
        scores = json.loads((folder / "scores.json").read_text())["scores"]["overall"]
        for column in ("format_ok", "platform", "profile_params", "overall"):
            assert float(one[column]) == scores[column]["value"]
            assert float(one[f"{column}_low"]) == scores[column]["low"]
            assert float(one[f"{column}_high"]) == scores[column]["high"]


def test_mcnemar_counts_who_alone_is_right(found: FinishedComparison, three: list[Path]) -> None:
    good, weak = (flags(folder, "overall") for folder in three[:2])
    first = sum(a and not b for a, b in zip(good, weak, strict=True))
    second = sum(b and not a for a, b in zip(good, weak, strict=True))
    rows = {(one["first"], one["second"], one["column"]): one for one in table(found.folder, "tests.csv")}
    row = rows["good-7B", "weak-7B", "overall"]
    assert (int(row["only_first"]), int(row["only_second"])) == (first, second)
    assert float(row["mcnemar_p"]) == mcnemar(first, second).p_value
    assert float(row["mcnemar_p_holm"]) >= float(row["mcnemar_p"])
    assert float(row["difference"]) == pytest.approx((sum(good) - sum(weak)) / len(good))
    assert float(row["low"]) <= float(row["difference"]) <= float(row["high"])


def test_holm_is_over_the_pairs_of_a_column(found: FinishedComparison) -> None:
    for column in ("overall", "platform"):
        rows = [one for one in table(found.folder, "tests.csv") if one["column"] == column]
        values = sorted((float(one["p"]), float(one["p_holm"])) for one in rows)
        assert len(rows) == 3
        assert values[0][1] == pytest.approx(min(1.0, 3 * values[0][0]))


def test_rules_are_never_the_best(found: FinishedComparison) -> None:
    markdown = text_of(found)
    gold, good = (next(line for line in markdown.splitlines() if line.startswith(f"| `{who}`"))
                  for who in ("gold", "good-7B"))  # fmt: skip
    assert "**" not in gold and "**" in good
    tests = table(found.folder, "tests.csv")
    assert {(one["first"], one["second"]) for one in tests} == {
        ("good-7B", "weak-7B"), ("good-7B", "gold"), ("weak-7B", "gold")
    }  # fmt: skip


@pytest.mark.parametrize("number", [1, 4, 6, 7, 11, 12])
def test_quoted_rows_stand_as_printed_and_marked(found: FinishedComparison, number: int) -> None:
    markdown = text_of(found).split(f"**Table {number}. ")[1].split("\n**Table")[0]
    printed = [line for line in markdown.splitlines() if "(quoted)" in line]
    assert len(printed) == len(paper_table(number).rows)
    for line, row in zip(printed, paper_table(number).rows, strict=True):
        shown = [float(one) for one in re.findall(r"\d+\.\d\d(?=\D|$)", line.split("(quoted)")[1])]
        assert row.name in line
        assert shown == pytest.approx([100 * one for one in row.shares.values()], abs=0.001)
    assert "`good-7B`" in markdown and "`gold`" in markdown


def test_rows_of_the_csv_say_whether_they_were_measured(found: FinishedComparison) -> None:
    sources = {(one["table"], one["source"]) for one in table(found.folder)}
    assert ("leaderboard", "quoted") not in sources
    assert {("Table 1", "quoted"), ("Table 1", "measured"), ("Table 7", "quoted")} <= sources
    assert not [
        one for one in table(found.folder) if one["table"] == "Table 8"
    ]  # nobody was asked about knowledge


def test_the_same_comparison_gives_the_same_bytes(
    found: FinishedComparison, three: list[Path], tmp_path: Path
) -> None:
    again = compare(asked(*three, run={"dir": str(tmp_path / "again")}))
    for name in ("leaderboard.md", "leaderboard.html", "leaderboard.csv", "tests.csv"):
        assert (again.folder / name).read_bytes() == (found.folder / name).read_bytes()


def test_the_order_of_evaluations_changes_no_number(
    found: FinishedComparison, three: list[Path], tmp_path: Path
) -> None:
    turned = compare(asked(*reversed(three), run={"dir": str(tmp_path / "turned")}))
    assert (turned.folder / "tests.csv").read_bytes() == (found.folder / "tests.csv").read_bytes()
    mine, theirs = (
        [one for one in table(each.folder) if one["table"] == "leaderboard"] for each in (found, turned)
    )
    assert mine == theirs


def test_only_shared_samples_count_and_that_is_said(tmp_path: Path) -> None:
    samples = items(24)
    perfect = answers(samples, 1.0)
    some = evaluated(tmp_path / "some", samples[:16], perfect[:16], answered_by="some")
    other = [NoAnswer("timeout", "late"), *answers(samples[1:], 0.0, seed=1)]
    rest = evaluated(tmp_path / "rest", samples, other, answered_by="rest")
    found = compare(asked(some, rest))
    assert (found.overlap.samples, found.overlap.union, found.overlap.scored) == (15, 24, (16, 23))
    assert "about the 15 samples that all of them scored, of 24" in text_of(found)
    (row,) = [one for one in table(found.folder) if one["who"] == "rest" and one["table"] == "leaderboard"]
    assert (row["samples"], float(row["overall"])) == ("15", 0.0)


def test_the_order_of_samples_does_not_matter(
    three: list[Path], found: FinishedComparison, tmp_path: Path
) -> None:
    shuffled = tmp_path / "weak"
    shuffled.mkdir()
    lines = (three[1] / "per_sample.jsonl").read_text().splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    (shuffled / "per_sample.jsonl").write_text("".join(lines))
    (shuffled / "scores.json").write_bytes((three[1] / "scores.json").read_bytes())
    other = compare(asked(three[0], shuffled, three[2], run={"dir": str(tmp_path / "comparison")}))
    assert (other.folder / "tests.csv").read_bytes() == (found.folder / "tests.csv").read_bytes()


def test_one_evaluation_alone_stands_beside_the_paper(three: list[Path], tmp_path: Path) -> None:
    found = compare(asked(three[0], run={"dir": str(tmp_path / "alone")}))
    assert headings(found) == ["Leaderboard", "Beside the paper", "Browse the samples"]
    assert table(found.folder, "tests.csv") == []


def test_variants_of_one_model_are_an_ablation(tmp_path: Path) -> None:
    variants = {"all": 0.9, "no_basic": 0.4, "no_history": 0.6, "none": 0.1}
    folders = [somebody(tmp_path / one, skill, variant=one) for one, skill in variants.items()]
    found = compare(asked(*folders))
    assert "Ablation" in headings(found) and (found.folder / "pictures" / "ablation_1.svg").is_file()
    section = text_of(found).split("## Ablation")[1].split("## ")[0]
    assert re.findall(r"^\| `m` \| ([^|]*) \|", section, re.MULTILINE) == [
        "All", "w/o Basic", "w/o History", "w/o Basic&History"
    ]  # fmt: skip
    rows = table(found.folder)
    assert len([one for one in rows if (one["table"], one["source"]) == ("Table 1", "measured")]) == 1
    assert len([one for one in rows if (one["table"], one["source"]) == ("Table 2", "measured")]) == 4
    assert len([one for one in rows if (one["table"], one["source"]) == ("Table 3", "measured")]) == 1


def test_sizes_of_one_family_are_a_line(tmp_path: Path) -> None:
    folders = [
        somebody(tmp_path / f"q{one}", 0.1 * one, answered_by=f"Qwen2.5-{one}B-Inst") for one in (1, 3, 7)
    ]
    found = compare(asked(*folders))
    drawn = (found.folder / "pictures" / "scaling.svg").read_text()
    assert drawn.count("<circle") == 3 and "Qwen2.5-*-Inst" in drawn
    assert "Scaling" not in headings(compare(asked(folders[0], run={"dir": str(tmp_path / "one")})))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Qwen2.5-7B-Instruct", 7.0), ("qwen2.5:0.5b", 0.5), ("SmolLM2-135M", 0.135), ("llama-3.1-8b", 8.0),
        ("gpt-4o", None), ("Mixtral-8x7B", None), ("a-7B-draft-1B", None), ("base64", None), ("m-0B", None),
        ("step-3bit", None),
    ],
)  # fmt: skip
def test_sizes_are_read_off_names(name: str, size: float | None) -> None:
    assert size_of(name) == size


@given(st.text())
@settings(max_examples=200)
def test_no_name_breaks_the_reading_of_sizes(name: str) -> None:
    assert size_of(name) is None or size_of(name) > 0


def test_labels_and_sizes_are_given(tmp_path: Path) -> None:
    folders = [somebody(tmp_path / one, 0.5) for one in ("a", "b")]
    found = compare(asked(*folders, labels=["net-small", "net-small"], sizes=[1, 2], against="net-small, b"))
    assert [one.label for one in found.entries] == ["net-small, a", "net-small, b"]
    assert {one.first for one in found.tests} == {1}
    assert "Scaling" in headings(found)


def without_scores(folder: Path) -> None:
    (folder / "scores.json").unlink()


def doubled(folder: Path) -> None:
    file = folder / "per_sample.jsonl"
    file.write_text(2 * file.read_text())


def other_query(folder: Path) -> None:
    file = folder / "per_sample.jsonl"
    file.write_text(file.read_text().replace('"query":"a place', '"query":"another place'))


def renamed(folder: Path) -> None:
    file = folder / "per_sample.jsonl"
    file.write_text(file.read_text().replace('"id":"s', '"id":"t'))


def official(folder: Path) -> None:
    file = folder / "scores.json"
    file.write_text(file.read_text().replace('"scorer": "strict"', '"scorer": "official"'))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_scores, "b: holds no scores.json"),
        (doubled, "b: two samples have the id 's000', expected one"),
        (other_query, "'s000' is another sample in"),
        (renamed, "no sample was scored in all of"),
        (official, "is scored 'strict' and"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    folders = [somebody(tmp_path / one, 0.5, count=8) for one in ("a", "b")]
    spoil(folders[1])
    with pytest.raises((ConfigError, StoreError)) as refused:
        compare(asked(*folders))
    assert message in str(refused.value) and "\n" not in str(refused.value)
    assert not (tmp_path / "comparison").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ["a"]}, "labels: got 1, expected 2"),
        ({"sizes": [1, 2, 3]}, "sizes: got 3, expected 2"),
        ({"against": "nobody"}, "against: got 'nobody', there are 'm, a', 'm, b'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path: Path, changes: dict, message: str) -> None:
    folders = [somebody(tmp_path / one, 0.5, count=8) for one in ("a", "b")]
    with pytest.raises(ConfigError, match=re.escape(message)):
        compare(asked(*folders, **changes))


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", "`|x|` [a](http://127.0.0.1)", "=1+1"]
    folders = [somebody(tmp_path / str(place), 0.5, answered_by=one) for place, one in enumerate(names)]
    found = compare(asked(*folders))
    page = (found.folder / "leaderboard.html").read_text()
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert page.count("<script") == 2  # ours, and the packed samples
    assert "`` `\\|x\\|` [a](http://127.0.0.1) ``" in text_of(found).replace(" at http", "")
    assert "'=1+1" in {one["who"] for one in table(found.folder)}
