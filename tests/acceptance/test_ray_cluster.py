"""executor=ray: the bytes of executor=local, whichever machine of the cluster dies, sleeps or comes back."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acceptance_bench import Endpoint, children, derived, endpoint_process, is_over, started, terminal, until
from ptool.store import Ledger

pytest.importorskip("ray", reason="needs ptool[ray] (make test-ray)")
from ray.cluster_utils import Cluster

pytestmark = pytest.mark.slow

IN_FLIGHT, STORE = 8, 80_000_000
WORDS = (
    "scenario=tiny", "users=6", "queries_per_user=6", f"concurrency={IN_FLIGHT}", "strangers=1", "twins=true",
    "audit.samples=4", "splits.test_share=0.2", "min_yield=0", "roles=paper", "qualification=0",
    "run.dir=run",
)  # fmt: skip


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """The scripted model, a little away, so that a run outlasts what happens to its machines."""
    with endpoint_process("server.latency=0.3") as served:
        yield served


@pytest.fixture(scope="module")
def whole(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """The files of executor=local that nobody disturbed, and its calls."""
    folder = tmp_path_factory.mktemp("whole")
    endpoint.reset()
    assert terminal(*over(endpoint), folder=folder).status == 0
    return derived(folder / "run"), endpoint.stats()["answers"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head with room for one worker, and a machine with room for another."""
    both = new_cluster()
    yield both
    both.shutdown()


def new_cluster() -> Cluster:
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False},
    )
    add_node(cluster)
    return cluster


def add_node(cluster: Cluster) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=STORE)


def over(endpoint: Endpoint) -> tuple[str, ...]:
    return (
        *WORDS, "model=openai_compatible", f"model.base_url={endpoint.url}", "model.model=ptool-scripted",
        "retries.patience=120",
    )  # fmt: skip


def on(cluster: Cluster) -> tuple[str, ...]:
    return ("executor=ray", "workers=2", f"ray.address={cluster.address}")


def raylet(node: Any) -> int:
    return node.all_processes["raylet"][0].process.pid


def workers(node: Any) -> list[int]:
    """The processes of a machine that work for a run."""

    def name(process: int) -> str:
        try:
            return Path(f"/proc/{process}/cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return ""

    return [process for process in children(raylet(node)) if "ray::WorkerActor" in name(process)]


def answered(endpoint: Endpoint, more: int) -> None:
    """Wait for so many answers more."""
    before = endpoint.stats()["answers"]
    until(lambda: endpoint.stats()["answers"] >= before + more)


def begun(cluster: Cluster, endpoint: Endpoint, folder: Path) -> subprocess.Popen[str]:
    """A run with both workers at work."""
    endpoint.reset()
    process = started(*over(endpoint), *on(cluster), folder=folder)
    until(lambda: all(workers(node) for node in cluster.list_all_nodes()) or process.poll() is not None)
    answered(endpoint, 12)
    assert process.poll() is None
    return process


def check(folder: Path, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], in_flight: int) -> None:
    files, calls = whole
    assert derived(folder / "run") == files
    with Ledger(folder / "run" / "ledger.sqlite") as ledger:
        ledger.check()
        assert ledger.spent().calls == calls
    assert endpoint.stats()["repeated"] <= in_flight


def test_machines_that_are_killed_cost_the_calls_in_flight(
    cluster: Cluster, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    process = begun(cluster, endpoint, tmp_path)
    kills = 3
    for _ in range(kills):
        *_, node = cluster.list_all_nodes()
        until(lambda node=node: workers(node))
        answered(endpoint, 12)
        assert process.poll() is None
        cluster.remove_node(node, allow_graceful=False)
        add_node(cluster)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert (tmp_path / "run/run.log").read_text().count("another takes its place") >= kills
    check(tmp_path, endpoint, whole, kills * IN_FLIGHT // 2)


def test_a_machine_that_was_given_up_and_comes_back_changes_nothing(
    cluster: Cluster, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    process = begun(cluster, endpoint, tmp_path)
    *_, node = cluster.list_all_nodes()
    (worker,) = workers(node)
    for one in (raylet(node), worker):
        os.kill(one, signal.SIGSTOP)
    log = tmp_path / "run/run.log"
    until(lambda: "another takes its place" in log.read_text())
    answered(endpoint, 12)
    assert process.poll() is None
    for one in (worker, raylet(node)):
        os.kill(one, signal.SIGCONT)
    until(lambda: is_over(worker))
    _, said = process.communicate()
    assert process.returncode == 0, said
    check(tmp_path, endpoint, whole, IN_FLIGHT // 2)
    cluster.remove_node(node, allow_graceful=False)
    add_node(cluster)


def test_an_interrupt_ends_the_run_and_leaves_the_cluster(
    cluster: Cluster, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    process = begun(cluster, endpoint, tmp_path)
    own = [worker for node in cluster.list_all_nodes() for worker in workers(node)]
    status = [sys.executable, "-m", "ptool.status", "run"]
    told = subprocess.run(status, cwd=tmp_path, capture_output=True, text=True)
    assert (told.returncode, f"process {process.pid}" in told.stdout) == (0, True), told
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    until(lambda: all(map(is_over, own)))
    assert not any(is_over(raylet(node)) for node in cluster.list_all_nodes())
    assert terminal(*over(endpoint), folder=tmp_path).status == 0  # another executor goes on
    check(tmp_path, endpoint, whole, IN_FLIGHT)


def test_all_workers_together_keep_the_budget(
    cluster: Cluster, endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    calls = whole[1]
    endpoint.reset()
    done = terminal(*over(endpoint), *on(cluster), f"budget.calls={calls // 2}", folder=tmp_path)
    assert done.status == 4, done
    assert endpoint.stats()["requests"] == calls // 2
    assert terminal(*over(endpoint), *on(cluster), f"budget.calls={calls}", folder=tmp_path).status == 0
    check(tmp_path, endpoint, whole, 0)


def test_a_run_whose_head_is_killed_goes_on_in_another_cluster(
    endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    first = new_cluster()
    process = begun(first, endpoint, tmp_path)
    first.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
    _, said = process.communicate()
    first.shutdown()
    errors = [line for line in said.splitlines() if line.startswith("error")]
    assert (process.returncode, len(errors), "Traceback" in said) == (1, 1, False), said
    assert "is gone; what is finished is kept, and the same command goes on" in errors[0]
    second = new_cluster()
    try:
        assert terminal(*over(endpoint), *on(second), folder=tmp_path).status == 0
    finally:
        second.shutdown()
    check(tmp_path, endpoint, whole, IN_FLIGHT)


def test_without_an_address_there_is_a_ray_of_its_own(
    endpoint: Endpoint, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    endpoint.reset()
    done = terminal(*over(endpoint), "executor=ray", "workers=2", folder=tmp_path)
    assert done.status == 0, done
    check(tmp_path, endpoint, whole, 0)


def test_where_there_is_no_cluster_the_run_is_refused(tmp_path: Path) -> None:
    done = terminal("scenario=tiny", "executor=ray", "ray.address=127.0.0.1:1", folder=tmp_path)
    assert (done.status, done.err.count("\n")) == (2, 1), done
    assert done.err.startswith("config error: ray.address: nobody answers at '127.0.0.1:1'")
    assert not (tmp_path / "runs").exists()
