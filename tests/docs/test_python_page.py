"""docs/python.md is a notebook that runs, and the reference is what the docstrings say."""

import ast
import asyncio
import importlib.util
import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ptool
import pytest
from ptool.python_api.run import EXIT_STATUSES

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "python.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = PYTHON.findall(TEXT)


STOPPED = """
import os, signal

def stop(stage):
    if stage.name == "episodes" and stage.done == 3:
        os.kill(os.getpid(), signal.SIGINT)

try:
    synthesise("tiny", seed=8, concurrency=1, progress=stop)
except KeyboardInterrupt as error:
    print("stopped:", *error.__notes__)
print(synthesise("tiny", seed=8, progress=False).status)
"""
"""A cell that is interrupted, as by the notebook's stop button, and goes on."""


async def run_cell(source: str, namespace: dict[str, Any]) -> None:
    """One block, as a notebook runs a cell: `await` may stand at its top level."""
    code = compile(source, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, namespace)
    if inspect.isawaitable(result):
        await result


async def run_cells(sources: Iterable[str]) -> dict[str, Any]:
    """Blocks in their order, in one namespace, which is returned."""
    namespace: dict[str, Any] = {}
    for source in sources:
        await run_cell(source, namespace)
    return namespace


@pytest.mark.slow
def test_every_block_runs_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("datasets")
    monkeypatch.chdir(tmp_path)
    left = asyncio.run(run_cells(BLOCKS))
    out = capsys.readouterr().out
    assert "there are 'custom', 'entertainment'" in out and "did you mean 'shopping'?" in out
    assert left["seen"]["episodes"] == (20, 20)
    assert left["held_out"] and len(left["runs"]) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["runs"]


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    example = PYTHON.findall((ROOT / "README.md").read_text("utf-8"))
    left = asyncio.run(run_cells(example))
    assert len(example) == 1 and len(left["frame"]) == len(left["run"]) > 0


@pytest.mark.slow
def test_a_notebook_of_jupyter_runs_it_and_shows_a_bar(tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip("pandas")
    pytest.importorskip("datasets")
    cells = [nbformat.v4.new_code_cell(block) for block in (*BLOCKS, STOPPED)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "python3"}
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    first, *_ = cells
    pages = [output.data.get("text/html", "") for output in first.outputs if "data" in output]
    assert any("episodes: 20 of 20 in" in page for page in pages)  # the bar, at its end
    assert any("<th>query</th>" in page for page in pages)  # the run itself
    assert not [output for output in first.outputs if output.get("name")]  # and nothing printed
    said = "".join(output.get("text", "") for output in cells[-1].outputs)
    assert re.fullmatch(r"stopped: interrupted: finished items are safe in .*\ndone\n", said)


def test_the_statuses_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d*) ?\|", TEXT, re.MULTILINE))
    assert rows == {name: "" if status is None else str(status) for name, status in EXIT_STATUSES.items()}


def test_the_reference_is_what_its_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "write_python_reference.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = script.PAGE.read_text("utf-8")
    assert written == script.reference(), "start docs/write_python_reference.py"
    for name in ptool.__all__:
        assert name[0] == "_" or f"\n## {name}\n" in written
