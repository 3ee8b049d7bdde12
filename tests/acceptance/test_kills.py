"""kill -9 at any moment of a run over an endpoint: the same bytes in the end, and next to nothing paid twice.

A process is forked for every start, so that nothing is imported again. It tells, in memory shared with this
process, how many calls it has sent and how many of their answers are on disk: the difference is what a kill
may cost.
"""

import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from acceptance_bench import Endpoint, derived, endpoint_process
from hydra import compose, initialize_config_module
from killing import Shared, ended, started
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.cli.main import run_job
from ptool.settings import Settings, validated
from ptool.store import Ledger
from ptool.synthesis.commands import synthesise

WORDS = ("scenario=tiny", "users=6", "queries_per_user=6", "concurrency=16", "run.dir=run")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """The scripted model, 20 ms away."""
    with endpoint_process("server.latency=0.02") as served:
        yield served


@pytest.fixture(scope="module")
def settings(endpoint: Endpoint) -> Settings:
    """Those of the run; composed once, as Hydra takes longer than a start."""
    model = (
        "model=openai_compatible",
        f"model.base_url={endpoint.url}",
        "model.model=ptool-scripted",
        "roles=paper",
        "qualification=0",
    )
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", [*WORDS, *model]), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


@dataclass(frozen=True)
class Whole:
    """A run that nobody disturbed."""

    files: dict[str, bytes]
    seconds: float
    calls: int


@pytest.fixture(scope="module")
def whole(endpoint: Endpoint, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Twice: the first one imports what the forked processes need, the second is timed."""
    with pytest.MonkeyPatch.context() as here:
        here.chdir(tmp_path_factory.mktemp("warm"))
        assert run_job(lambda: (settings, Sources()), synthesise) == 0
    folder = tmp_path_factory.mktemp("whole")
    endpoint.reset()
    begun = time.perf_counter()
    assert ended(started(settings, folder, Shared()), None) == 0, (folder / "stderr").read_text()
    stats = endpoint.stats()
    assert stats["repeated"] == 0
    return Whole(derived(folder / "run"), time.perf_counter() - begun, stats["answers"])


def killed(
    kills: int, seed: int, endpoint: Endpoint, settings: Settings, whole: Whole, folders: Path
) -> tuple[int, int]:
    """Kill runs at so many moments, going on with each until it ends: calls paid twice, calls in flight."""
    rng, repeated, allowed, done = random.Random(seed), 0, 0, 0
    for number in range(kills):
        folder = folders / str(number)
        folder.mkdir()
        endpoint.reset()
        in_flight = 0
        while True:
            shared = Shared()
            wait = rng.random() * whole.seconds if done < kills else None
            status = ended(started(settings, folder, shared), wait)
            if status != -signal.SIGKILL:
                break
            done += 1
            in_flight += shared.in_flight()
        assert status == 0, (folder / "stderr").read_text()
        assert derived(folder / "run") == whole.files
        with Ledger(folder / "run" / "ledger.sqlite") as ledger:
            ledger.check()
            assert ledger.spent().calls == whole.calls
        twice = endpoint.stats()["repeated"]
        assert twice <= in_flight
        repeated, allowed = repeated + twice, allowed + in_flight
        if done == kills:
            break
    assert done == kills
    return repeated, allowed


@pytest.mark.slow
def test_fifty_kills(endpoint: Endpoint, settings: Settings, whole: Whole, tmp_path: Path) -> None:
    begun = time.perf_counter()
    repeated, in_flight = killed(50, 50, endpoint, settings, whole, tmp_path)
    print(f"paid twice {repeated}, in flight at the kills {in_flight}, {time.perf_counter() - begun:.0f} s")
    assert in_flight > 0  # otherwise no kill has hit a call
