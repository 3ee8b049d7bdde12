"""Tables as LaTeX: what is text stays text, and every table is whole."""

import re
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from ptool.rendering.document import Cell, Document, Picture, Row, Section, Table, foreign
from ptool.rendering.latex import as_latex, escape

sys.path.append(str(Path(__file__).parent))
from pdflatex import HOSTILE, compiled, needs_pdflatex

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
    other = r"\{\\ifdefined\\Umathchar (.)\\else\\scriptsize U\+[0-9A-F]{4,6}\\fi\}|-\{\}|'\{\}"
    known = (r"|\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar"
             r"|textasciigrave|ldots)\{\}|\$(-|\\surd|\\times)\$|\\[{}$&#_%]")  # fmt: skip
    bare = re.sub(other + known, r"\1", line.removeprefix("{}").removesuffix(r" & 1 \\"))
    assert not set(bare) & set("\\{}$&#_%~^")


def test_escapes_of_every_special_character() -> None:
    assert escape("a_b%c") == r"a\_b\%c"
    assert escape("\\{") == r"\textbackslash{}\{"


def test_what_pdflatex_cannot_print_is_a_code_there() -> None:
    assert escape("Müller, Łódź, e\u0301 – 50 €") == "Müller, Łódź, é -- 50 €"
    assert escape("模") == r"{\ifdefined\Umathchar 模\else\scriptsize U+6A21\fi}"
    assert escape("😀") == r"{\ifdefined\Umathchar 😀\else\scriptsize U+1F600\fi}"
    assert escape("--a''b") == "-{}-a'{}'b"  # no dash, no quotation mark


@needs_pdflatex
def test_pdflatex_prints_every_character(tmp_path: Path) -> None:
    """All of Latin, and samples of everything else; none is an error, none is left out."""
    others = "ΑαЖж模名あ한אبกि∀∞🚀ﬁ｛％\u0301\u200b\u202e\x07\ue000\ufffd"
    letters = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x2010, 0x2040)]))
    rows = [Row((foreign(text), Cell("1", note="-1–2"))) for text in (*letters, *others)]
    rows += [Row((foreign(text), Cell("2"))) for text in HOSTILE]
    tables = tuple(
        Table(("a", "b"), tuple(rows[at : at + 40]), caption) for at, caption in enumerate_rows(rows)
    )
    document = Document(
        "T", Cell(""), facts=(("k", foreign(HOSTILE[0])),), sections=(Section("S", (), tables),)
    )
    (tmp_path / "own.tex").write_bytes(as_latex(document))
    assert compiled(tmp_path / "own.tex") == []


def enumerate_rows(rows: list[Row]) -> list[tuple[int, str]]:
    """Where tables of 40 rows begin, each with a caption that is hard to write."""
    return [(at, HOSTILE[at // 40 % len(HOSTILE)]) for at in range(0, len(rows), 40)]
