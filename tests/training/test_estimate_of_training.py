"""What a training takes: what is kept for the way back as long as there is room, else computed again."""

from pathlib import Path

import pytest
from ptool import train
from ptool.models.transformers_folder import load_config
from ptool.training import estimate as module
from ptool.training.estimate import TrainingEstimate, estimate
from ptool.training.length import LengthReport
from test_encoding import composed
from tiny_model import SHORT, needs_extra

pytestmark = needs_extra

REPORT = LengthReport(kept=10, tokens=10_000, longest=1_000)


def estimated(model: Path, monkeypatch: pytest.MonkeyPatch, free: float) -> TrainingEstimate:
    """For the tiny Qwen2 on a machine with so many free bytes and a billion operations a second."""
    monkeypatch.setattr(module, "_free_memory", lambda device: free)
    monkeypatch.setattr(module, "_products_a_second", lambda device: 1e9)
    words = ("run=a", f"model_path={model}", "device=cpu")
    return estimate(load_config(model, "model_path"), composed(*words), REPORT, "cpu")


def test_layers_are_computed_again_only_where_memory_is_short(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plenty = estimated(model, monkeypatch, free=1e12)
    short = estimated(model, monkeypatch, free=1.9 * plenty.memory)
    assert (plenty.recomputes, short.recomputes) == (False, True)
    assert short.memory < plenty.memory
    assert short.hours == pytest.approx(1.5 * plenty.hours)  # three passes for two


def test_the_hours_are_products_of_every_token_with_every_parameter(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = estimated(model, monkeypatch, free=1e12)
    attention = 2 * found.size.layers * found.size.hidden * REPORT.longest
    operations = 2 * REPORT.tokens * (2 * found.size.parameters + attention)
    assert found.hours * 3600 == pytest.approx(operations / (module._EFFICIENCY * 1e9))


def test_what_is_computed_again_gives_the_same_weights(
    run: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [f"run={run}", f"model_path={model}", *SHORT, "n=4", "merge=false"]
    adapters = {}
    for room in (0.5, 0.0):  # all is kept; nothing is
        monkeypatch.setattr(module, "_ROOM", room)
        assert train.main([*words, f"out={tmp_path / str(room)}"]) == 0
        adapters[room] = (tmp_path / str(room) / "adapter" / "adapter_model.safetensors").read_bytes()
    assert adapters[0.5] == adapters[0.0]
