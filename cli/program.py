"""How this process was started, so that the commands it suggests work where they are pasted."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def command_line(command: str, *words: str) -> str:
    """A command of ptool as a line for the shell, by the program that runs now.

    `ptool report …` where that was started, else `python -m ptool.report …` by the name of this Python.
    """
    script = Path(sys.argv[0])
    if script.stem == "ptool":
        return shlex.join([_typed(script, "ptool"), command, *words])
    return shlex.join([_typed(Path(sys.executable), "python", "python3"), "-m", f"ptool.{command}", *words])


def _typed(program: Path, *names: str) -> str:
    """What to type for a program: a name by which the shell finds it, else its path."""
    path = program.absolute()
    for name in names:
        found = shutil.which(name)
        if found is not None and Path(found).absolute().parent == path.parent:
            return name
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
