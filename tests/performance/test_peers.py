"""Frameworks are compared by calls they have really made, and one that cannot be measured stops no other."""

import sys

import peers
import pytest
from peers import PeerError, Size, compared_with_peers, measured

SIZE = Size(calls=400, concurrency=10, rounds=3)


def runs(monkeypatch, *differences):
    """Let the large runs take so many seconds of (clock, processor) more than the small ones."""
    told = iter(
        {"wall": 1 + wall * large, "cpu": 2 + cpu * large, "calls": 101 + more * large, "in_flight": 10}
        for wall, cpu, more in differences
        for large in (0, 1)
    )
    monkeypatch.setattr(peers, "asked", lambda *_: next(told))


def test_a_call_costs_what_the_larger_run_takes_more(monkeypatch, tmp_path):
    runs(monkeypatch, (6.0, 0.3, 300), (9.0, 0.9, 300), (12.0, 0.6, 300))
    found = measured("python", "x", "http://x", SIZE, tmp_path)
    assert (found.cpu, found.efficiency, found.in_flight) == (pytest.approx(2.0), pytest.approx(2 / 3), 10)


@pytest.mark.parametrize(
    ("difference", "reason"),
    [
        ((6.0, 0.3, 299), "it made 299 calls more, not 300"),  # answered from a cache
        ((-0.1, 0.3, 300), "four times the calls took no longer"),
    ],
)
def test_what_was_not_asked_is_not_compared(monkeypatch, tmp_path, difference, reason):
    runs(monkeypatch, difference)
    with pytest.raises(PeerError, match=reason):
        measured("python", "x", "http://x", SIZE, tmp_path)


def test_one_that_cannot_be_installed_is_said_in_a_line_and_stops_no_other(monkeypatch):
    def environment(way, _folder):
        if way == "curator":
            raise PeerError("no matching distribution | found")
        return "python"

    monkeypatch.setattr(peers, "environment", environment)
    monkeypatch.setattr(peers, "version", lambda *_: "1.0")
    runs(monkeypatch, (6.0, 0.3, 300), (6.0, 0.3, 300), (6.0, 0.3, 300),
         (6.0, 0.6, 300), (6.0, 0.6, 300), (6.0, 0.6, 300))  # fmt: skip
    assert compared_with_peers(SIZE, ["ptool", "curator", "distilabel"])[-3:] == [
        "| ptool | 1.0 | 1.00 | 1.0 | 1.00 | 10 |",
        "| curator | | not measured: no matching distribution   found | | | |",
        "| distilabel | 1.0 | 2.00 | 2.0 | 1.00 | 10 |",
    ]


def test_a_command_that_fails_says_why_in_a_line():
    with pytest.raises(PeerError, match=r"^ValueError: no such model$"):
        peers._run([sys.executable, "-c", "print('one'); raise ValueError('no such model')"], 60)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("way", ["ptool", "ptool, client alone"])
def test_ptool_itself_makes_the_calls_it_is_compared_by(way):
    row = compared_with_peers(Size(calls=256, concurrency=64, rounds=1), [way])[-1]
    assert "not measured" not in row
    assert row.endswith(" | 64 |")
