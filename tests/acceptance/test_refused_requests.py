"""What an endpoint refuses in mid-run is never lost: it is missing, said so, and asked again."""

import pytest
from acceptance_bench import Bench, derived, lines

MODEL = r"""
from pathlib import Path
from ptool.models.faults import AttemptError
from ptool.models.scripted import ScriptedModel


class Picky(ScriptedModel):
    def __init__(self, library, *, players=None, kind="refused"):
        super().__init__(library, players=players, slips=0.0)
        self.kind = kind

    @property
    def fingerprint(self):
        return "picky"

    def answer(self, texts, seed):
        if Path("refuse").exists() and texts[0].startswith("Role: user") and seed % 3 == 0:
            raise AttemptError(self.kind, "HTTP 307: moved to '/v2'")
        return super().answer(texts, seed)
"""
SIZE = ("--config-dir", "mine", "scenario=tiny", "users=2", "queries_per_user=4", "model=picky")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["refused", "server"])
def test_a_refusal_in_mid_run_costs_no_item(kind: str, here: Bench) -> None:
    here.write("mine/picky_model.py", MODEL)
    here.write("mine/model/picky.yaml", f"_target_: picky_model.Picky\nkind: {kind}\n")
    size = (*SIZE, "retries.attempts=1", "retries.patience=60", "concurrency=1")
    assert here.run(*size, "run.dir=whole").status == 0

    (here.folder / "refuse").touch()
    first = here.run(*size, "run.dir=run")
    made = len(lines(here.folder / "run/dataset/samples.jsonl"))
    assert 0 < made < 8
    assert first.status == 1
    assert f"missing: {8 - made} of the episodes" in " ".join((first.out + first.err).split())
    assert "HTTP 307: moved" in (here.folder / "run/dataset/rejected.jsonl").read_text()
    if kind == "refused":
        assert "HTTP 307: moved" in (here.folder / "run/run.log").read_text()

    (here.folder / "refuse").unlink()
    assert here.run(*size, "run.dir=run").status == 0
    assert derived(here.folder / "run") == derived(here.folder / "whole")
