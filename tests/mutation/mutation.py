"""How many planted faults the tests catch: `make mutation ARGS="--mutants 60 --seed 0"`.

A seeded sample of small changes is drawn over the core modules (a comparison turned or moved by one, a
condition negated, and for or, a number one off, a sign, None returned). Each is planted into a copy of the
tree, where the module's own tests run until one fails, in a fork of a process that has imported the libraries
they need; survivors are printed with their places. Tests of time fail nowhere, so that a busy machine catches
nothing. Nothing outside a temporary folder is written. All changes of one module: `--mutants 999 --modules
models/faults.py`.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue

import hypothesis
import pytest

ROOT = Path(__file__).parents[2]
_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["autogen_agentchat.agents", "faker", "hydra", "hypothesis", "networkx", "pytest"]
)
_RULES = "tests/environments/test_checks.py tests/environments/test_rule_checks.py"
_PERSONAL = (
    "tests/synthesis/dataset/gates/test_gate_necessity.py "
    "tests/synthesis/dataset/statistics/test_interchangeability.py "
    "tests/synthesis/dataset/statistics/test_necessity.py"
)
MODULES = {
    "environments/checks/agreement.py": _RULES,
    "environments/checks/grounding.py": _RULES,
    "environments/checks/leak/addresses.py": "tests/environments/test_addresses.py",
    "environments/checks/leak/check.py": "tests/environments/test_leak.py",
    "environments/checks/leak/normalise.py": "tests/environments/test_normalised_text.py "
    "tests/environments/test_personal_data.py tests/environments/test_leak.py",
    "environments/checks/leak/personal_data.py": "tests/environments/test_personal_data.py "
    "tests/environments/test_leak.py",
    "environments/checks/query.py": "tests/environments/test_checks.py",
    "environments/checks/solution.py": "tests/environments/test_checks.py",
    "environments/dialogue.py": "tests/environments/test_dialogue.py",
    "environments/sandbox.py": "tests/environments/test_sandbox.py",
    "benchmark/matching/strict.py": "tests/benchmark_core/test_match_strict.py "
    "tests/benchmark_core/test_match_assignment.py tests/benchmark_core/test_one_form.py",
    "benchmark/matching/values.py": "tests/benchmark_core/test_match_values.py "
    "tests/benchmark_core/test_match_strict.py",
    "benchmark/metrics.py": "tests/benchmark_core/test_metrics.py",
    "benchmark/parsing/answers.py": "tests/benchmark_core/test_parse_places.py "
    "tests/benchmark_core/test_parse_tolerant.py "
    "tests/benchmark_core/test_parse_tool_call_texts.py tests/benchmark_core/test_reading_toolspectrum.py",
    "benchmark/parsing/json_format.py": "tests/benchmark_core/test_parse_json_native.py",
    "benchmark/user_resampling.py": "tests/benchmark_core/test_statistics.py",
    "models/gateway/budget.py": "tests/models/test_budget.py",
    "models/gateway/cache_key.py": "tests/models/test_gateway.py tests/models/test_raw_answers.py",
    "models/gateway/call.py": "tests/models/test_gateway_calls.py tests/models/test_gateway.py "
    "tests/models/test_activity.py",
    "models/gateway/circuit_breaker.py": "tests/models/test_rate_limit.py tests/models/test_activity.py",
    "models/gateway/gateway.py": "tests/models/test_gateway_calls.py tests/models/test_gateway.py "
    "tests/models/test_gateway_corrections.py tests/models/test_gateway_client.py "
    "tests/models/test_activity.py",
    "models/gateway/rate_limit.py": "tests/models/test_rate_limit.py tests/models/test_activity.py",
    "models/faults.py": "tests/models/test_faults.py tests/models/test_fault_matrix.py",
    "settings/secrets.py": "tests/settings/test_secrets.py",
    "store/writer.py": "tests/store/test_writer.py",
    "synthesis/dataset/gates/necessity.py": _PERSONAL,
    "synthesis/dataset/near_duplicates.py": "tests/synthesis/dataset/gates/test_near_duplicates.py",
    "synthesis/dataset/splits.py": "tests/synthesis/dataset/test_sample_splits.py",
}
"""Core module -> the test files that are to catch its faults."""

LARGEST = 64
"""Numbers that are moved by one; larger ones bound texts and messages, where one more or less is no fault."""

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_NOT_MUTATED = frozenset({"annotation", "returns", "decorator_list"})


@dataclass(frozen=True)
class Mutation:
    """One change that can be made to a tree."""

    line: int
    what: str
    apply: Callable[[], object]


def mutations(node: ast.AST) -> Iterator[Mutation]:
    """Every change of a tree, in the order of the text; annotations, decorators and errors stay."""
    yield from _of(node)
    for name, value in ast.iter_fields(node):
        if name not in _NOT_MUTATED:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _decides_nothing(child):
                    yield from mutations(child)


def _decides_nothing(node: ast.AST) -> bool:
    """Whether only messages, types or what can never be are at stake: errors, `TYPE_CHECKING`, `strict=`."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
        return node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.Raise) or (isinstance(node, ast.keyword) and node.arg == "strict")


def _of(node: ast.AST) -> Iterator[Mutation]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and (turned := _TURNED.get(type(node.ops[0]))):
        yield Mutation(line, f"-> {turned.__name__}", lambda: setattr(node, "ops", [turned()]))
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield Mutation(line, f"-> {type(other).__name__}", lambda: setattr(node, "op", other))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        sign = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield Mutation(line, f"-> {type(sign).__name__}", lambda: setattr(node, "op", sign))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield Mutation(line, f"-> {not node.value}", lambda: setattr(node, "value", not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value <= LARGEST:
        for value in (node.value + 1, node.value - 1):
            yield Mutation(line, f"-> {value}", lambda value=value: setattr(node, "value", value))
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        test = ast.UnaryOp(ast.Not(), node.test)
        yield Mutation(line, "condition negated", lambda: setattr(node, "test", test))
    elif isinstance(node, ast.Return) and not _is_falsy(node.value):
        yield Mutation(line, "None returned", lambda: setattr(node, "value", ast.Constant(None)))


def _is_falsy(node: ast.AST | None) -> bool:
    """Whether whoever asks for the truth of it would not know it from None."""
    return node is None or (isinstance(node, ast.Constant) and not node.value)


def mutate(source: str, number: int) -> tuple[str, Mutation]:
    """The source with its change of this number, and which that is."""
    tree = ast.parse(source)
    mutation = list(mutations(tree))[number]
    mutation.apply()
    return ast.unparse(ast.fix_missing_locations(tree)), mutation


def draw(count: int, seed: int, modules: list[str]) -> list[tuple[str, int]]:
    """A sample of (module, number of its change), every module as often as the others, give or take one."""
    draw = random.Random(seed)
    left = {}
    for module in modules:
        numbers = range(len(list(mutations(ast.parse((ROOT / module).read_text())))))
        left[module] = draw.sample(numbers, len(numbers))
    drawn: list[tuple[str, int]] = []
    while len(drawn) < count and any(left.values()):
        drawn += [(module, numbers.pop()) for module, numbers in left.items() if numbers]
    return sorted(drawn[:count])


def run_tests(tree: Path, files: list[str], timeout: float) -> str:
    """What the tests of a copy say of it: passed, failed or timed out."""
    process = _SERVER.Process(target=_pytest, args=(tree, files))
    process.start()
    process.join(timeout)
    if process.exitcode is None and process.pid is not None:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return "timed out"
    return "failed" if process.exitcode else "passed"


def _pytest(tree: Path, files: list[str]) -> None:
    """Runs in a fork of the server; with all that the tests start, it is a group that can be ended."""
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    os.chdir(tree)
    sys.path.insert(0, str(tree.parent))
    os.environ |= {"PYTHONPATH": str(tree.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    # One example that fails is enough, and nothing may fail because the machine is slow.
    time.process_time = float
    hypothesis.settings.register_profile(
        "planted",
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    options = ["--hypothesis-profile=planted", "--hypothesis-seed=0", "-m", "not slow and not llm"]
    sys.exit(pytest.main(["-x", "-p", "no:cacheprovider", *options, *files]))


class Judge:
    """Plants changes into copies of the tree, as many at a time as there are copies.

    Args: folder: for the copies; jobs: how many.
    """

    def __init__(self, folder: Path, jobs: int) -> None:
        self._trees: SimpleQueue[Path] = SimpleQueue()
        self._seconds: dict[str, float] = {}
        ignored = shutil.ignore_patterns(".*", "runs", "build", "dist", "__pycache__", "*.egg-info")
        whole = shutil.copytree(ROOT, folder / "ptool", ignore=ignored)
        compileall.compile_dir(whole, quiet=1)
        for number in range(jobs):
            self._trees.put(Path(shutil.copytree(whole, folder / str(number) / "ptool")))

    def passes(self, file: str) -> bool:
        """Whether the tests of a file pass without any change; how long they take is kept."""
        with self._tree() as tree:
            began = time.monotonic()
            outcome = run_tests(tree, [file], timeout=600)
            self._seconds[file] = time.monotonic() - began
        return outcome == "passed"

    def outcome(self, module: str, number: int) -> tuple[str, str]:
        """What the tests say of one change, and where and what it is."""
        source = (ROOT / module).read_text()
        planted, mutation = mutate(source, number)
        files = MODULES[module].split()
        with self._tree() as tree:
            (tree / module).write_text(planted)
            said = run_tests(tree, files, timeout=10 + 3 * sum(self._seconds[file] for file in files))
            (tree / module).write_text(source)
        return said, f"{module}:{mutation.line} {mutation.what}"

    @contextmanager
    def _tree(self) -> Iterator[Path]:
        tree = self._trees.get()
        yield tree
        self._trees.put(tree)


def main() -> int:
    """Plant, count and name survivors; 1 where fewer than `--least` percent are caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mutants", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--least", type=float, default=92.0, help="percent that must be caught")
    parser.add_argument("--modules", nargs="*", default=sorted(MODULES), choices=sorted(MODULES))
    parser.add_argument("--jobs", type=int, default=2, help="changes judged at a time")
    chosen = parser.parse_args()
    begun, survivors = time.monotonic(), []
    drawn = draw(chosen.mutants, chosen.seed, chosen.modules)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(chosen.jobs) as pool:
        judge = Judge(Path(folder), chosen.jobs)
        files = sorted({file for module, _ in drawn for file in MODULES[module].split()})
        for file, passes in zip(files, pool.map(judge.passes, files), strict=True):
            if not passes:
                print(f"{file}: fails without any change", file=sys.stderr)
                return 2
        for number, (said, place) in enumerate(pool.map(judge.outcome, *zip(*drawn, strict=True)), 1):
            survivors += [place] if said == "passed" else []
            print(f"{number}/{len(drawn)} {'SURVIVED' if said == 'passed' else said} {place}", flush=True)
    caught = len(drawn) - len(survivors)
    share = 100 * caught / max(len(drawn), 1)
    minutes = (time.monotonic() - begun) / 60
    print(f"{caught} of {len(drawn)} caught ({share:.1f} %), seed {chosen.seed}, {minutes:.1f} minutes")
    print("\n".join(survivors))
    return 0 if share >= chosen.least else 1


if __name__ == "__main__":
    sys.exit(main())
