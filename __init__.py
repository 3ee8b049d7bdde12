"""ptool: personalised tool invocation, simulated, verified and measured.

`from ptool import synthesise, evaluate, load` is all that is needed from Python. What is offered here is
imported when it is asked for, so that commands start as fast as without it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import version

if TYPE_CHECKING:
    from .python_api import (
        Evaluation,
        Run,
        Samples,
        evaluate,
        evaluate_async,
        load,
        synthesise,
        synthesise_async,
    )

__version__ = version.VERSION
__all__ = [
    "Evaluation",
    "Run",
    "Samples",
    "__version__",
    "evaluate",
    "evaluate_async",
    "load",
    "synthesise",
    "synthesise_async",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import python_api

    return getattr(python_api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package, of which an offered name stays what it is: importing a module does not bind it here.

    `ptool.evaluate` is a function, and `python -m ptool.evaluate` a command; whoever imports the command's
    module would else find it where the function was.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
