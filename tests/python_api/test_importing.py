"""`ptool.evaluate` is a function whatever was imported before, its command works, and neither costs time."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTS = (
    "import ptool.evaluate",
    "from ptool import evaluate",
    "import importlib; importlib.import_module('ptool.evaluate').main",
    "from ptool.evaluate import main",
    "import ptool; ptool.evaluate",
    "from ptool import *",
    "from ptool.python_api import evaluate",
)
CHECK = """
import ptool
from ptool import evaluate, load, synthesise
from inspect import isfunction
assert isfunction(evaluate) and isfunction(ptool.evaluate), (evaluate, ptool.evaluate)
assert evaluate is ptool.evaluate is sys.modules["ptool.python_api"].evaluate
assert sys.modules.get("ptool.evaluate", evaluate) is evaluate or sys.modules["ptool.evaluate"].main
"""


def python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    words = [sys.executable, "-c", program]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_in_every_order_of_imports(tmp_path: Path) -> None:
    """The package and its command are imported anew for every order; what lies below stays loaded."""
    program = f"""
import itertools, sys
for number in (1, 2, 3):
    for order in itertools.permutations({IMPORTS!r}, number):
        for name in ("ptool", "ptool.evaluate"):
            sys.modules.pop(name, None)
        for statement in order:
            exec(statement, {{}})
        try:
            exec({CHECK!r}, {{"sys": sys}})
        except Exception as error:
            raise SystemExit(f"after {{order}}: {{error!r}}")
print("all")
"""
    done = python(program, tmp_path)
    assert (done.stdout, done.stderr) == ("all\n", "")
    assert len(list(itertools.permutations(IMPORTS, 3))) == 210


def test_a_test_of_somebody_elses_can_put_a_double_in_its_place(tmp_path: Path) -> None:
    done = python("import ptool; ptool.evaluate = 5; print(ptool.evaluate)", tmp_path)
    assert done.stdout == "5\n"


@pytest.mark.parametrize("words", [["-m", "ptool.evaluate"], ["-m", "ptool", "evaluate"]])
def test_the_command_of_that_name_works(words: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *words, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.startswith("ptool "), done.stderr) == (0, True, "")


def test_nothing_is_imported_before_it_is_asked_for(tmp_path: Path) -> None:
    heavy = ("ptool.python_api", "pydantic", "hydra", "rich", "loguru", "asyncio")
    program = f"import sys, ptool, ptool.evaluate; print([one for one in {heavy} if one in sys.modules])"
    assert python(program, tmp_path).stdout == "[]\n"


def test_what_is_offered_is_there_and_nothing_else(tmp_path: Path) -> None:
    program = """
import ptool
print([name for name in ptool.__all__ if not hasattr(ptool, name)], set(ptool.__all__) <= set(dir(ptool)))
ptool.evaluat
"""
    done = python(program, tmp_path)
    assert done.stdout == "[] True\n"
    assert "AttributeError: module 'ptool' has no attribute 'evaluat'" in done.stderr
