"""Recording and replay: answers are kept in a JSONL file and given again without the model that gave them.

One line an answer: {"key": 32 hex digits, "answer": text}. The key stands for the messages' texts and the
seed (`protocol.ChatRequest.key`), so the order of requests does not matter. It knows no model and no server.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import orjson

from ...errors import ConfigError, UnknownPartError
from .protocol import ChatRequest

AnswerFunction = Callable[[list[str], int], str]
"""(the messages' texts, seed) -> the text of the answer; a PtoolError it raises refuses the request."""


class NotRecordedError(UnknownPartError):
    """A recording does not hold the answer to a request."""


class Recorder:
    """Lets a model answer and writes each distinct answer once; what the file holds already is kept.

    Args: file: where; answer: the model.

    Raises:
        ConfigError: the file cannot be written, or holds something else.
    """

    def __init__(self, file: Path, answer: AnswerFunction) -> None:
        self._known = set(load_recording(file, "server.record")) if file.exists() else set[bytes]()
        self._file = _open_for_appending(file)
        self._answer = answer

    def answer(self, request: ChatRequest) -> str:
        """The model's answer; it is in the file when this returns."""
        answer = self._answer(request.texts, request.seed)
        if request.key not in self._known:
            self._known.add(request.key)
            self._file.write(orjson.dumps({"key": request.key.hex(), "answer": answer}) + b"\n")
        return answer

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Replay:
    """Answers what was recorded, and nothing else.

    Args: file: a recording.

    Raises:
        ConfigError: there is none, or it is none.
    """

    def __init__(self, file: Path) -> None:
        self._answers = load_recording(file, "server.replay")
        self._file = file
        digest = blake2b(digest_size=8)
        for key in sorted(self._answers):
            digest.update(key + blake2b(self._answers[key].encode(), digest_size=16).digest())
        self.fingerprint = digest.hexdigest()
        """stands for all that was recorded"""

    def __len__(self) -> int:
        return len(self._answers)

    def answer(self, request: ChatRequest) -> str:
        """The recorded answer.

        Raises:
            NotRecordedError: this request was not recorded.
        """
        try:
            return self._answers[request.key]
        except KeyError:
            raise NotRecordedError(
                f"no answer recorded for request {request.key.hex()} (seed {request.seed}, "
                f"{len(request.texts)} messages) in {self._file}; "
                "record the same run first: server.record=FILE"
            ) from None


def load_recording(file: Path, where: str) -> dict[bytes, str]:
    """Every answer of a recording by its key; a last line that was cut off is left out.

    Args: where: the configuration key that names the file, for messages.

    Raises:
        ConfigError: it cannot be read, or a line is no recorded answer.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigError(f"{where}: {file}: {error.strerror or error}") from None
    answers: dict[bytes, str] = {}
    for number, line in enumerate(lines[:-1], 1):
        try:
            entry = orjson.loads(line)
            key, answer = bytes.fromhex(entry["key"]), entry["answer"]
            if len(key) != 16 or not isinstance(answer, str):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise ConfigError(
                f'{where}: {file} line {number} is no recorded answer; expected {{"key": …, "answer": …}}, '
                "as server.record=FILE writes them"
            ) from None
        answers[key] = answer
    return answers


def _open_for_appending(file: Path) -> BinaryIO:
    """The file for adding whole lines: what a killed process left of its last one is cut away."""
    try:
        stream = file.open("r+b", buffering=0) if file.exists() else file.open("xb", buffering=0)
        content = file.read_bytes()
        stream.truncate(content.rfind(b"\n") + 1)
        stream.seek(0, 2)
    except OSError as error:
        raise ConfigError(f"server.record: {file}: {error.strerror or error}") from None
    return stream
