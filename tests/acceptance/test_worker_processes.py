"""executor=process: the bytes of executor=local, whoever is killed; limits hold for all workers together."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance_bench import (
    Endpoint,
    children,
    derived,
    derived_but_card,
    endpoint_process,
    is_over,
    started,
    terminal,
    until,
)
from ptool.store import Ledger

IN_FLIGHT = 8
WORDS = (
    "scenario=tiny", "users=6", "queries_per_user=8", f"concurrency={IN_FLIGHT}", "strangers=1", "twins=true",
    "audit.samples=4", "splits.test_share=0.2", "min_yield=0", "run.dir=run",
)  # fmt: skip
WORKERS = ("executor=process", "workers=2")
CARD = "dataset/README.md"
"""It has the digest of the settings, an endpoint's address among them."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks the system for children"),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """The scripted model, 30 ms away."""
    with endpoint_process("server.latency=0.03") as served:
        yield served


def over(endpoint: Endpoint) -> tuple[str, ...]:
    return (
        *WORDS, "model=openai_compatible", f"model.base_url={endpoint.url}", "model.model=ptool-scripted",
        "roles=paper", "qualification=0",
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """The files of executor=local that nobody disturbed, and its calls."""
    folder = tmp_path_factory.mktemp("whole")
    endpoint.reset()
    assert terminal(*over(endpoint), folder=folder).status == 0
    return derived(folder / "run"), endpoint.stats()["answers"]


def begun(endpoint: Endpoint, folder: Path, answers: int) -> tuple[subprocess.Popen[str], list[int]]:
    """A run with workers that has got so many answers, its workers and what forks them."""
    endpoint.reset()
    process = started(*over(endpoint), *WORKERS, folder=folder)
    until(lambda: endpoint.stats()["answers"] >= answers)
    workers = processes_of(process)
    assert len(workers) == 3
    return process, workers


def processes_of(run: subprocess.Popen[str]) -> list[int]:
    """The workers of a run, and last the process they are forked from."""
    (server,) = children(run.pid)
    return [*children(server), server]


def check(folder: Path, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], in_flight: int) -> None:
    files, calls = whole
    assert derived(folder / "run") == files
    with Ledger(folder / "run" / "ledger.sqlite") as ledger:
        ledger.check()
        assert ledger.spent().calls == calls
    assert endpoint.stats()["repeated"] <= in_flight


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers_makes_the_bytes_of_none(
    workers: int, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    endpoint.reset()
    words = (*over(endpoint), "executor=process", f"workers={workers}")
    assert terminal(*words, folder=tmp_path).status == 0
    check(tmp_path, endpoint, whole, 0)
    assert endpoint.stats()["most_in_flight"] <= IN_FLIGHT


def test_a_worker_that_is_killed_is_replaced(
    endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    process, workers = begun(endpoint, tmp_path, whole[1] // 2)
    os.kill(workers[0], signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 0, said
    check(tmp_path, endpoint, whole, IN_FLIGHT)
    assert "was ended by signal 9: another takes its place" in (tmp_path / "run/run.log").read_text()


def test_a_worker_is_replaced_where_what_it_was_forked_from_is_gone_too(
    endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    process, (worker, _, server) = begun(endpoint, tmp_path, whole[1] // 2)
    os.kill(server, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 0, said
    check(tmp_path, endpoint, whole, IN_FLIGHT)


def test_a_killed_run_leaves_no_worker_and_goes_on(
    endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    process, workers = begun(endpoint, tmp_path, whole[1] // 2)
    process.kill()
    process.communicate()
    until(lambda: all(map(is_over, workers)))
    assert terminal(*over(endpoint), *WORKERS, folder=tmp_path).status == 0
    check(tmp_path, endpoint, whole, IN_FLIGHT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_every_process(
    number: signal.Signals, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    process, workers = begun(endpoint, tmp_path, whole[1] // 2)
    for one in (process.pid, *workers) if number is signal.SIGINT else (process.pid,):
        os.kill(one, number)  # as a terminal does, which knows them all
    _, said = process.communicate()
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert said.count("interrupted: finished items are safe in") == 1
    assert all(map(is_over, workers))
    assert terminal(*over(endpoint), folder=tmp_path).status == 0  # and another executor goes on
    check(tmp_path, endpoint, whole, IN_FLIGHT)


def test_a_run_under_way_tells_how_far_it_is(endpoint: Endpoint, whole, tmp_path: Path) -> None:
    process, workers = begun(endpoint, tmp_path, whole[1] // 2)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    status = [sys.executable, "-m", "ptool.status", "run"]
    told = subprocess.run(status, cwd=tmp_path, capture_output=True, text=True)
    assert (told.returncode, f"process {process.pid}" in told.stdout) == (0, True), told
    for worker in workers:
        os.kill(worker, signal.SIGCONT)
    process.communicate()
    check(tmp_path, endpoint, whole, 0)


def test_all_workers_together_keep_the_budget(endpoint: Endpoint, whole, tmp_path: Path) -> None:
    half = whole[1] // 2
    endpoint.reset()
    done = terminal(*over(endpoint), *WORKERS, f"budget.calls={half}", folder=tmp_path)
    assert done.status == 4
    assert f"budget.calls: {half:,} of {half:,} spent" in done.err
    assert endpoint.stats()["requests"] == half
    assert terminal(*over(endpoint), *WORKERS, f"budget.calls={whole[1]}", folder=tmp_path).status == 0
    check(tmp_path, endpoint, whole, 0)


def derived_at(folder: Path, asked: Endpoint, named: Endpoint) -> dict[str, bytes]:
    """The derived files of a run that asked one endpoint as if it had asked another one, without the card."""
    addresses = asked.url.encode(), named.url.encode()
    return {name: body.replace(*addresses) for name, body in derived_but_card(folder / "run").items()}


def without_card(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: body for name, body in files.items() if name != CARD}


def test_all_workers_together_keep_the_limits_of_an_endpoint(
    endpoint: Endpoint, whole, tmp_path: Path
) -> None:
    with endpoint_process("server.latency=0.02", "server.concurrency=3") as narrow:
        words = (*over(narrow), *WORKERS, "model.limits.concurrency=3")
        assert terminal(*words, folder=tmp_path).status == 0
        assert (narrow.stats()["most_in_flight"], narrow.stats()["refused"]) == (3, {})
    assert derived_at(tmp_path, narrow, endpoint) == without_card(whole[0])


def test_faults_change_nothing(endpoint: Endpoint, whole, tmp_path: Path) -> None:
    faults = "{server_error: 0.1, reset: 0.1}"
    with endpoint_process(f"server.faults={faults}") as moody:
        assert terminal(*over(moody), *WORKERS, folder=tmp_path).status == 0
        assert moody.stats()["faults"]
    assert derived_at(tmp_path, moody, endpoint) == without_card(whole[0])


def test_an_endpoint_that_goes_away_is_given_up_by_all(tmp_path: Path, whole) -> None:
    with endpoint_process("server.latency=0.01") as going:
        words = (*over(going), *WORKERS, "retries.patience=2", "retries.longest_wait=0.2")
        process = started(*words, folder=tmp_path)
        until(lambda: going.stats()["answers"] >= whole[1] // 2)
        workers = processes_of(process)
    _, said = process.communicate()
    assert (process.returncode, said.count("error: ")) == (1, 1), said
    assert "the same command goes on from there" in said
    assert all(map(is_over, workers))


def test_an_evaluation_has_the_same_scores(endpoint: Endpoint, tmp_path: Path) -> None:
    assert terminal(*WORDS, folder=tmp_path).status == 0
    model = [word for word in over(endpoint) if word.startswith("model")]
    evaluate = [sys.executable, "-m", "ptool.evaluate", "data=run", *model]
    for name, words in (("one", ()), ("many", WORKERS)):
        command = [*evaluate, *words, f"run.dir={name}"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    assert derived(tmp_path / "one") == derived(tmp_path / "many")
