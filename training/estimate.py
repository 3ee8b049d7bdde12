"""How long a training will take and how much memory it will need, before anything is loaded.

From the architecture alone: parameters are counted without their values. Time is what this machine's own
matrix products take. It is an order of magnitude, no promise.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, names
from ..models.transformers_folder import library
from ..settings import TrainSettings
from .length import LengthReport

_PASSES = 2
"""Forward, and backward through frozen weights; one more where what was not kept is computed again."""
_KEPT_A_LAYER = 34
"""Vectors of the model's width that a layer keeps of a token for the way back."""
_ROOM = 0.5
"""Share of the free memory that may be taken to save computing anything again."""
_EFFICIENCY = 0.5
"""Share of the speed of plain matrix products that a training comes to."""
_MEASURED_SECONDS = 0.5
"""Wall time in which the speed of matrix products is taken."""
_GIGABYTE = 1e9
_LIBRARIES = 0.6e9
"""Bytes of a process that has loaded torch and its company, and no model yet."""
_OPTIMISER_BYTES = 16
"""Of a trained parameter: value, gradient and two moments, in 32 bits."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    """How large a model and its adapters are."""

    parameters: int
    adapter: int
    """parameters of the adapters"""
    layers: int
    hidden: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """What a training takes on this machine."""

    size: ModelSize
    device: str
    hours: float
    memory: float
    """bytes at its peak"""
    free: float
    """bytes there are"""
    recomputes: bool
    """whether layers are computed again on the way back, as not all can be kept (gradient checkpointing)"""

    def describe(self) -> str:
        """One line for people."""
        where = "the GPU" if self.device == "cuda" else "the processor, without a GPU"
        memory, free = (f"{size / _GIGABYTE:.2g} GB" for size in (self.memory, self.free))
        return (
            f"{self.size.parameters / 1e9:.3g} billion parameters and {self.size.adapter / 1e6:.3g} million "
            f"of the adapters: about {_hours(self.hours)} and {memory} of memory on {where} ({free} free)"
        )

    def check(self, settings: TrainSettings) -> None:
        """Raises ConfigError where the machine does not suffice, or it would take more than `most_hours`."""
        advice = "take a smaller model, fewer samples (n), shorter ones (max_length), or a machine with a GPU"
        if settings.most_hours is not None and self.hours > settings.most_hours:
            raise ConfigError(
                f"model_path: {self.describe()}, more than most_hours={settings.most_hours:g}; {advice}, or "
                "give most_hours=null"
            )
        if self.memory > self.free:
            if self.device == "cuda" and not settings.train.quantise:
                advice = f"train=qlora holds it in 4 bits; or {advice}"
            raise ConfigError(f"model_path: {self.describe()}, which is not enough; {advice}")


def estimate(config: Any, settings: TrainSettings, report: LengthReport, device: str) -> TrainingEstimate:
    """What a training takes. Args: config: of the model; report: of its samples; device: cpu or cuda."""
    size = model_size(config, settings)
    free = _free_memory(device)
    memory = _peak_memory(size, settings, report.longest, device, recomputes=False)
    if recomputes := memory > _ROOM * free:
        memory = _peak_memory(size, settings, report.longest, device, recomputes=True)
    tokens = report.tokens * settings.train.epochs * (2 if settings.train.method == "dpo" else 1)
    work = tokens * (_PASSES + recomputes)
    # scores and their sum of values, over the half of the sequence that a token sees on average
    work *= 2 * size.parameters + 2 * size.layers * size.hidden * report.longest
    hours = work / (_EFFICIENCY * _products_a_second(device)) / 3600
    return TrainingEstimate(size, device, hours, memory, free, recomputes)


def model_size(config: Any, settings: TrainSettings) -> ModelSize:
    """Count the parameters of an architecture, none of which is allocated.

    Raises ConfigError: it has no module that an adapter is wanted for.
    """
    torch, transformers = library("torch"), library("transformers")
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    head = model.get_output_embeddings()
    linear = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head
    }
    adapted = _targets(linear, settings.train.targets)
    text = config.get_text_config()
    return ModelSize(
        parameters=sum(one.numel() for one in model.parameters()),
        adapter=sum(settings.train.rank * (one.in_features + one.out_features) for one in adapted),
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        vocabulary=text.vocab_size,
    )


def _targets(linear: dict[str, Any], targets: str | tuple[str, ...]) -> list[Any]:
    """The modules that get an adapter. Raises ConfigError for a name that none of them has."""
    if targets == "all-linear":
        return list(linear.values())
    known = {name.rpartition(".")[2] for name in linear}
    wanted = (targets,) if isinstance(targets, str) else targets
    for target in wanted:
        if target not in known:
            raise ConfigError(
                f"train.targets: no module {target!r}; there are all-linear, {names(known, target)}"
            )
    return [module for name, module in linear.items() if name.rpartition(".")[2] in wanted]


def _peak_memory(
    size: ModelSize, settings: TrainSettings, length: int, device: str, *, recomputes: bool
) -> float:
    """Weights, adapters with their optimiser, what is kept for the way back, and the scores of all words."""
    number = 4 if device == "cpu" else 2
    weights = size.parameters * (0.6 if settings.train.quantise else number)
    rows = length * settings.train.batch * (2 if settings.train.method == "dpo" else 1)
    layers = size.layers + _KEPT_A_LAYER if recomputes else size.layers * _KEPT_A_LAYER
    kept = rows * size.hidden * number * layers
    scores = rows * size.vocabulary * 4 * 3
    program = _LIBRARIES if device == "cpu" else 0
    return program + weights + size.adapter * _OPTIMISER_BYTES + kept + scores


def _free_memory(device: str) -> float:
    if device == "cuda":
        torch = library("torch")
        return float(torch.cuda.mem_get_info()[0])
    return float(library("psutil").virtual_memory().available)


def _products_a_second(device: str) -> float:
    """Floating-point operations a second of matrix products, for a while: other programs take their share."""
    torch = library("torch")
    side = 4096 if device == "cuda" else 768
    matrix = torch.ones(
        side, side, device=device, dtype=torch.bfloat16 if device == "cuda" else torch.float32
    )

    def multiply() -> None:
        torch.mm(matrix, matrix)
        if device == "cuda":
            torch.cuda.synchronize()

    multiply()  # the first one loads kernels
    count, began, seconds = 0, time.perf_counter(), 0.0
    while seconds < _MEASURED_SECONDS:
        multiply()
        count, seconds = count + 1, time.perf_counter() - began
    return count * 2 * side**3 / seconds


def _hours(hours: float) -> str:
    if hours < 1 / 60:
        return f"{hours * 3600:.0f} seconds"
    return f"{hours * 60:.0f} minutes" if hours < 2 else f"{hours:,.0f} hours"
