"""The tasks of a population, read from its tasks.jsonl whenever they are gone through: they may be many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..errors import StoreError
from ..records import Task
from ..store import write_jsonl
from ..store.disk_map import DiskMap
from ..store.schema import removed_error


class TaskFile:
    """Tasks in the order of their ids.

    Args: path: of tasks.jsonl; chosen: which of its tasks, by id; None: all.
    """

    def __init__(self, path: Path, chosen: Callable[[str], bool] | None = None) -> None:
        self._path, self._chosen = path, chosen
        self._count = sum(1 for _ in self)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Task]:
        """One by one. Raises StoreError where the file cannot be read."""
        try:
            with self._path.open("rb") as lines:
                for task in map(Task.model_validate_json, lines):
                    if self._chosen is None or self._chosen(task.id):
                        yield task
        except FileNotFoundError:
            raise removed_error(self._path) from None
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read: {error.strerror or error}") from error
        except ValueError:
            raise StoreError(f"{self._path}: was changed; the same command writes it again") from None

    def choose(self, chosen: Callable[[str], bool]) -> TaskFile:
        """Some of them, by id."""
        return TaskFile(self._path, chosen)


def write_tasks(path: Path, tasks: Iterable[Task]) -> TaskFile:
    """Write tasks in the order of their ids, in whatever order they are drawn. Raises StoreError."""
    drawn = DiskMap[str]()
    for task in tasks:
        drawn.put(task.id, task.model_dump_json().encode())
    write_jsonl(path, drawn.values())
    return TaskFile(path)
