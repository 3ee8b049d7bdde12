"""A command of ptool in this process: what one of its own would return, print and leave, and quicker.

What is about a process itself (signals, streams, imports, hash seeds) is started as one.
"""

import importlib
import io
import shlex
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess


def command(name: str, *words: str, folder: Path) -> CompletedProcess[str]:
    """`python -m ptool.NAME WORDS` in a folder; modules of a user's are forgotten again."""
    out, err = io.StringIO(), io.StringIO()
    path, known = list(sys.path), set(sys.modules)
    main = importlib.import_module(f"ptool.{name}").main
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(err):
            status = main(list(words))
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.path[:] = path
        for one in set(sys.modules) - known:
            if _is_a_users(one, [place for place in path if not folder.is_relative_to(place or ".")]):
                del sys.modules[one]
    return CompletedProcess(list(words), status, out.getvalue(), err.getvalue())


def command_line(line: str, folder: Path) -> CompletedProcess[str]:
    """The same of a line of a page: `python -m ptool.run scenario=tiny`."""
    python, option, module, *words = shlex.split(line, comments=True)
    assert (python, option, module[:6]) == ("python", "-m", "ptool.")
    return command(module[6:], *words, folder=folder)


def _is_a_users(name: str, path: list[str]) -> bool:
    """Whether a module is neither of ptool nor of what is installed. Args: path: where that is."""
    file = getattr(sys.modules[name], "__file__", None)
    return bool(file) and name.partition(".")[0] != "ptool" and not file.startswith(tuple(filter(None, path)))
