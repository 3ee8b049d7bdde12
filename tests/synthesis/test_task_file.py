"""Tasks on disk come in the order of their ids, as often as they are gone through."""

from __future__ import annotations

from pathlib import Path

import pytest
from ptool.errors import StoreError
from ptool.records import Task
from ptool.synthesis.task_file import write_tasks


def task(id: str) -> Task:
    return Task(id=id, scenario="s", user_id="u", context="c", platform="P", plan="free", calls=())


def test_tasks_are_sorted_and_read_again_and_again(tmp_path: Path) -> None:
    drawn = [task(id) for id in ("s-u2-0001", "s-u1-0002", "s-u1-0001")]
    tasks = write_tasks(tmp_path / "tasks.jsonl", iter(drawn))
    assert [*tasks] == [*tasks] == [drawn[2], drawn[1], drawn[0]]
    some = tasks.choose(lambda id: "u1" in id)
    assert (len(tasks), len(some), [each.id for each in some]) == (3, 2, ["s-u1-0001", "s-u1-0002"])


def test_a_file_that_is_no_longer_what_was_written_is_a_line(tmp_path: Path) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", [task("s-u1-0001")])
    (tmp_path / "tasks.jsonl").write_bytes(b"{")
    with pytest.raises(StoreError, match=r"tasks\.jsonl: was changed; the same command writes it again$"):
        list(tasks)
    (tmp_path / "tasks.jsonl").unlink()
    with pytest.raises(StoreError, match=r"tasks\.jsonl: was removed"):
        list(tasks)
