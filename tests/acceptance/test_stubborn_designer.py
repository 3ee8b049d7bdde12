"""A model that never gets a tree right ends the run as its own fault, and the next start asks it anew."""

import sqlite3

import pytest
from acceptance_bench import Bench

STUBBORN = """
import json
import os
from ptool.models.scripted import ScriptedModel


class Stubborn(ScriptedModel):
    def answer(self, texts, seed):
        said = json.loads(super().answer(texts, seed))
        if os.environ.get("MOOD") == "alike":
            for one in said.get("platforms", ()):
                one["name"] = "Same"
        if os.environ.get("MOOD") == "silent" and "platforms" in said:
            return "I would rather not."
        return json.dumps(said)
"""
WORDS = ("--config-dir", "mine", "scenario=tiny", "run.dir=run", "model._target_=stubborn_model.Stubborn")
WORDS += ("roles=paper", "strict_stages=true")


def asked(here: Bench) -> list[str]:
    with sqlite3.connect(here.folder / "run/ledger.sqlite") as ledger:
        rows = ledger.execute("SELECT id FROM items WHERE stage LIKE 'api_tree%' ORDER BY length(id), id")
        return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("mood", "complaint"),
    [
        ("alike", "tiny: platforms: 'Same' is there twice, expected all to differ (asked 3 times"),
        ("silent", "'designer' gave no usable Expansion"),
    ],
)
def test_a_refused_tree_is_asked_for_anew(
    mood: str, complaint: str, here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write("mine/stubborn_model.py", STUBBORN)
    monkeypatch.setenv("MOOD", mood)
    tries = ["tiny", *(f"tiny~{number}" for number in range(1, 6))]
    for start in (1, 2):
        done = here.run(*WORDS)
        assert (done.status, len(done.faults)) == (1, 1)
        assert complaint in done.faults[0]
        assert "the same command asks anew" in done.faults[0]
        assert asked(here) == tries[: 3 * start]
    monkeypatch.setenv("MOOD", "mended")
    assert here.run(*WORDS).status == 0
    assert asked(here)[:2] == ["tiny", "tiny~1"]
    assert "tiny~6" in asked(here)
