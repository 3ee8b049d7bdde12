"""A paper that takes in tables of ours, compiled with pdfLaTeX where it is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")

HOSTILE = (
    r"a_b & 50% #1 $x$ {y} ~z^2 \end{table} \input{/etc/passwd}",
    r"[1] *starred* \\ \verb|x| %",
    "模型-é̂-Жük 🚀 \u202eevil",
    "\"quoted\" `ticks` <b> -- --- '' ?` !`",
    "}{",
)
"""Names that would be something else to LaTeX."""

_PAPER = r"""\documentclass{article}
\usepackage{booktabs,graphicx}
\begin{document}
\listoftables
%s
\end{document}
"""


def compiled(*files: Path) -> list[str]:
    """The errors of a paper that takes the files in, each twice, and has a list of tables."""
    folder = files[0].parent / "paper"
    folder.mkdir()
    taken = "\n".join(rf"\input{{{shutil.copy(file, folder)}}}\clearpage" for file in (*files, *files))
    (folder / "paper.tex").write_text(_PAPER % taken, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "paper.tex"]
    errors: list[str] = []
    for _ in range(2):  # the second time with its list of tables
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
        text = done.stdout.decode("utf-8", "replace")
        errors += re.findall(r"^!.*", text, re.MULTILINE)
        errors += re.findall(r"^.*Missing character.*", text, re.MULTILINE)
        errors += [] if done.returncode == 0 else [f"status {done.returncode}"]
    assert (folder / "paper.pdf").is_file(), text[-2000:]
    return errors
