"""ptool from Python and in a notebook: `from ptool import synthesise, evaluate, load`."""

from .calls import evaluate, evaluate_async, load, synthesise, synthesise_async
from .evaluation import Evaluation
from .run import Run
from .samples import Samples

__all__ = [
    "Evaluation",
    "Run",
    "Samples",
    "evaluate",
    "evaluate_async",
    "load",
    "synthesise",
    "synthesise_async",
]
