"""Coverage-guided fuzzing of the parsers and scorers (needs `atheris`, which is no dependency of ptool).

`python tests/benchmark_core/fuzz_parse.py -max_total_time=600` fuzzes for ten minutes and ends with status 0;
a crash, a contradiction, a file opened, a process started or a slow answer ends it with its input.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["ptool.benchmark"]):
    import core_fakes
    import ptool.benchmark

FORBIDDEN = ("open", "exec", "import", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "pty.")
watching = False


def watch(event: str, arguments: tuple) -> None:
    """An audit hook: nothing may be opened, imported, executed or started while an answer is read."""
    if watching and event.startswith(FORBIDDEN):
        raise AssertionError(f"an answer caused {event} {arguments}")


def text_of(data: bytes) -> str:
    """Half of the inputs are put together from pieces of answers, the others are raw text."""
    if data[:1] < b"\x80":
        provider = atheris.FuzzedDataProvider(data[1:])
        return provider.ConsumeUnicode(len(data))
    return "".join(
        core_fakes.PIECES[byte % len(core_fakes.PIECES)] * (1 + byte // 250 * 40) for byte in data[1:400]
    )


def check(data: bytes) -> None:
    """One input."""
    global watching
    text = text_of(data)
    started = time.process_time()
    watching = True
    found = core_fakes.problems(text)
    watching = False
    seconds = time.process_time() - started
    assert not found, found
    assert seconds < 30 * 1.0, f"{seconds:.1f} s for 30 readings of {text[:80]!r}"
    assert ptool.benchmark.score(core_fakes.ITEM, core_fakes.RIGHT).overall


if __name__ == "__main__":
    core_fakes.problems(core_fakes.RIGHT)  # what is imported late is imported now
    sys.addaudithook(watch)
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
