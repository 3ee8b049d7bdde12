"""Tables as LaTeX: what is text stays text, and every table is whole."""

import re

from hypothesis import given
from hypothesis import strategies as st
from ptool.rendering.document import Cell, Document, Picture, Row, Section, Table, foreign
from ptool.rendering.latex import as_latex, escape

TABLE = Table(
    ("Model", "Format", "Overall"),
    (
        Row((Cell("o1_mini", note="quoted"), Cell("99.00"), Cell("12.00")), "quoted"),
        Row((foreign("50 % [x] & y"), Cell("98.00", mark="second"), Cell("-3.5", note="-4–-1", mark="best"))),
    ),
    "Table 1. Scores",
)
DOCUMENT = Document(
    "A report", Cell("who"), facts=(("Seed", Cell("3")),),
    sections=(Section("S", (), (TABLE, Picture("p", "P", "<svg>"), Table(("a", "b"), (), words=2))),),
)  # fmt: skip


def test_a_table_as_a_paper_prints_it() -> None:
    assert as_latex(DOCUMENT).decode().splitlines()[-15:] == [
        r"\begin{table}[ht]",
        r"\centering\small",
        r"\caption{Table 1. Scores}",
        r"\label{tab:a-report-1}",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"{}Model & Format & Overall \\",
        r"\midrule",
        r"{}\textit{o1\_mini {\scriptsize quoted}} & \textit{99.00} & \textit{12.00} \\",
        r"\midrule",
        r"{}50 \% [x] \& y & \underline{98.00} & \textbf{$-$3.5} \\",
        r"{} &  & {\scriptsize $-$4--$-$1} \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_facts_come_first() -> None:
    assert r"{}Seed & 3 \\" in as_latex(DOCUMENT).decode().partition("Table 1")[0]


@given(st.text(max_size=60))
def test_no_text_becomes_a_command(text: str) -> None:
    row = Row((foreign(text), Cell("1")))
    document = Document("T", Cell(""), sections=(Section("S", (), (Table(("a", "b"), (row,)),)),))
    line = next(one for one in as_latex(document).decode().split("\n") if one.endswith(r" & 1 \\"))
    known = (r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar"
             r"|textasciigrave|ldots)\{\}|\$(-|\\surd|\\times)\$|\\[{}$&#_%]")  # fmt: skip
    bare = re.sub(known, "", line.removeprefix("{}").removesuffix(r" & 1 \\"))
    assert not set(bare) & set("\\{}$&#_%~^")


def test_escapes_of_every_special_character() -> None:
    assert escape("a_b%c") == r"a\_b\%c"
    assert escape("\\{") == r"\textbackslash{}\{"
