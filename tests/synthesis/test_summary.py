"""What the person who started a run is shown at its end."""

import io
import json
from pathlib import Path

import pytest
from ptool.records import ArgumentOrigin, Evidence, Sample, UserProfile
from ptool.rendering.text import terminal_text
from ptool.synthesis.dataset.console_summary import Funnel, Summary, report
from rich.console import Console


def sample(query: str) -> Sample:
    evidence = Evidence(path="basic_features.home_address")
    origin = ArgumentOrigin(call=0, parameter="to", value="1 Main St", origin="profile", evidence=evidence)
    return Sample(
        id="tiny-u0001-0001", scenario="tiny", user_id="u0001", query=query, platforms=(), tools=(),
        user_profile=UserProfile(basic_features={"home_address": "1 Main St", "age": 30}, user_history={}),
        answer=("MegaMart", [{"order": {"to": ["1 Main St"]}}]), query_params=(), profile_params=("to",),
        origins=(origin,),
    )  # fmt: skip


def shown(summary: Summary) -> str:
    stream = io.StringIO()
    report(summary, Console(file=stream, width=100))
    return stream.getvalue()


def test_the_report_shows_counts_funnel_reasons_and_samples() -> None:
    text = shown(
        Summary(
            Path("here"), {"users": 4, "samples": 1200}, Funnel(10, 2, 1, 7), (("arguments.type", 2),),
            (sample("Send it to my home"),), min_yield=0.5, model="scripted: no LLM", next_steps=("less it",),
        )
    )  # fmt: skip
    for part in ("1,200", "rule-rejected", "20.0%", "70.0%", "arguments.type", "Send it to my home"):
        assert part in text
    assert json.dumps({"home_address": "1 Main St"}) in text
    assert "30" not in text.partition("profile")[2]
    assert "scripted: no LLM" in text


def test_text_of_a_model_is_shown_as_it_is_and_cannot_steer_the_terminal() -> None:
    text = shown(
        Summary(Path("here"), {}, Funnel(1, 0, 0, 1), samples=(sample("[red]hi[/red] \x1b[2J\nthere"),))
    )
    assert "[red]hi[/red]" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(("kept", "status"), [(5, 0), (4, 3), (0, 3)])
def test_a_low_yield_is_status_three_and_said(kept: int, status: int) -> None:
    summary = Summary(Path("here"), {}, Funnel(10, 10 - kept, 0, kept), min_yield=0.5)
    assert summary.exit_status == status
    assert ("yield too low: kept" in shown(summary)) == bool(status)


def test_nothing_made_is_a_yield_of_zero() -> None:
    assert Summary(Path("here"), {}, Funnel(0, 0, 0, 0), min_yield=0.1).exit_status == 3


@pytest.mark.parametrize(
    ("text", "expected"), [("a\tb\u202ec", "a b c"), ("x" * 9, "xxxxxxx…"), ("x" * 8, "x" * 8)]
)
def test_plain_text_is_bounded_and_printable(text: str, expected: str) -> None:
    assert terminal_text(text, 8) == expected
