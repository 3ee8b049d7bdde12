"""The loop runs what it is given as asyncio.run does, and leaves the process as it was."""

import asyncio
import gc
import sys

import pytest
from ptool.models.event_loop import run


async def settings() -> tuple[int, float]:
    return gc.get_threshold()[0], sys.getswitchinterval()


async def fails() -> None:
    raise ValueError("told")


def test_tuned_while_it_runs_and_as_before_afterwards():
    before = gc.get_threshold(), sys.getswitchinterval()

    young, interval = run(settings())

    assert young > before[0][0] and interval < before[1]
    assert (gc.get_threshold(), sys.getswitchinterval()) == before


def test_an_error_comes_out_and_leaves_nothing_changed():
    before = gc.get_threshold(), sys.getswitchinterval()

    with pytest.raises(ValueError, match="told"):
        run(fails())

    assert (gc.get_threshold(), sys.getswitchinterval()) == before


def test_a_collector_that_was_turned_off_stays_off():
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        assert run(settings())[0] == 0
    finally:
        gc.set_threshold(*before)


def test_without_uvloop_asyncio_does(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)  # importing it raises ImportError

    async def kind() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert run(kind()).startswith("asyncio.")
