"""The paper's printed rows: what can be computed from other printed rows comes out as printed."""

import os
import re
from itertools import chain
from pathlib import Path

import pytest
from ptool.benchmark.metrics import TRAINED_WEIGHT, UNTRAINED_WEIGHT
from ptool.benchmark.paper_results import PaperRow, paper_table
from ptool.errors import ConfigError

QUERY_PARAMS = {"trained": 661, "untrained": 911}
PROFILE_PARAMS = {"trained": 1048, "untrained": 1329}
"""Arguments found in the query and in the profile of the published PTBench."""

TABLES = (1, 2, 3, 4, 6, 7, 8, 10, 11, 12)
PRINTED = 0.00011  # a printed share is off by up to half a digit, and so are the two it is computed from


def weighted(column: str, trained: float, untrained: float) -> float:
    """A column of Table 1 from Tables 11 and 12."""
    sizes = {"query_params": QUERY_PARAMS, "profile_params": PROFILE_PARAMS}
    size = sizes.get(column, {"trained": TRAINED_WEIGHT, "untrained": UNTRAINED_WEIGHT})
    total = size["trained"] * trained + size["untrained"] * untrained
    return total / (size["trained"] + size["untrained"])


def main_rows() -> list[tuple[PaperRow, PaperRow, PaperRow]]:
    """The rows of Tables 1, 11 and 12: the same models in one order, though not spelt alike."""
    return list(zip(*(paper_table(one).rows for one in (1, 11, 12)), strict=True))


@pytest.mark.parametrize("column", ["format_ok", "query_params", "profile_params", "overall"])
def test_table_1_is_tables_11_and_12_together(column: str) -> None:
    for whole, trained, untrained in main_rows():
        expected = weighted(column, trained.shares[column], untrained.shares[column])
        assert whole.shares[column] == pytest.approx(expected, abs=PRINTED), whole.name


def test_table_1_repeats_the_overall_columns_of_tables_11_and_12() -> None:
    for whole, trained, untrained in main_rows():
        assert whole.shares["trained"] == trained.shares["overall"], whole.name
        assert whole.shares["untrained"] == pytest.approx(untrained.shares["overall"], abs=PRINTED), (
            whole.name
        )


def test_the_other_columns_of_table_1_are_no_weighting_of_tables_11_and_12() -> None:
    differences = {
        (whole.name, column): abs(
            whole.shares[column] - weighted(column, one.shares[column], other.shares[column])
        )
        for whole, one, other in main_rows()
        for column in ("platform", "tool_name", "tool_param", "tool_value")
    }
    off = {place for place, difference in differences.items() if difference > PRINTED}
    assert (len(off), len(differences)) == (23, 64)
    assert max(differences.values()) < 0.0008


def test_table_2_weighs_untrained_and_trained_users() -> None:
    for row in paper_table(2).rows:
        expected = weighted("overall", row.shares["trained"], row.shares["untrained"])
        assert row.shares["overall"] == pytest.approx(expected, abs=PRINTED), row.name
    assert paper_table(2).row("All").shares["overall"] == paper_table(1).row("Ours").shares["overall"]


def test_table_4_is_tables_6_7_and_8_together() -> None:
    parts = [(paper_table(6), 74), (paper_table(7), 42), (paper_table(8), 102)]
    for row in paper_table(4).rows:
        for column, share in row.shares.items():
            hits = sum(table.row(row.name).shares[column] * samples for table, samples in parts)
            assert share == pytest.approx(hits / 218, abs=PRINTED), (row.name, column)


def test_table_10_repeats_table_1() -> None:
    names = {"Qwen2.5-7B-Instruct": "Qwen2.5-7B-Inst", "Ours": "Ours"}
    for here, there in names.items():
        assert paper_table(10).row(here).shares["PTBench"] == paper_table(1).row(there).shares["overall"]


@pytest.mark.parametrize("number", TABLES)
def test_rows_are_whole_and_shares_are_shares(number: int) -> None:
    table = paper_table(number)
    assert all(tuple(row.shares) == table.columns for row in table.rows)
    assert all(0 <= share <= 1 for row in table.rows for share in row.shares.values())
    assert len({row.name for row in table.rows}) == len(table.rows)


def test_sizes() -> None:
    assert [len(paper_table(one).rows) for one in TABLES] == [16, 4, 5, 7, 7, 7, 7, 4, 16, 16]
    assert paper_table(1).row("GPT-4-turbo").kind == "API"
    assert paper_table(1).row("xLAM-7b-r").kind == "OSS"
    assert paper_table(1).row("Ours").kind is None


def test_unknown_rows_and_tables_are_named() -> None:
    with pytest.raises(ConfigError, match=r"no row 'GPT-4-turb'.*did you mean 'GPT-4-turbo'"):
        paper_table(1).row("GPT-4-turb")
    with pytest.raises(ConfigError, match=r"Table 5 .* there are 1, 2, 3, 4, 6, 7, 8, 10, 11, 12"):
        paper_table(5)


@pytest.mark.skipif("PTOOL_PAPER" not in os.environ, reason="PTOOL_PAPER: the paper's text")
@pytest.mark.parametrize("number", TABLES)
def test_every_number_stands_in_its_table_of_the_paper(number: int) -> None:
    text = Path(os.environ["PTOOL_PAPER"]).read_text("utf-8")
    table = re.search(rf"^Table {number}:[^\n]*\n\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)
    assert table is not None
    printed = re.findall(r"(?<![\w.-])\d+\.\d+(?![\w.-])", table[1].replace("<u>", " ").replace("</u>", " "))
    scale = 1 if number >= 10 else 100
    shares = chain.from_iterable(row.shares.values() for row in paper_table(number).rows)
    assert [round(share * scale, 4) for share in shares] == [float(one) for one in printed]
