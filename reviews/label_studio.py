"""Reviews as tasks of Label Studio: samples go out with a labelling configuration, annotations come back.

What people said already goes out as predictions, named after who said it. Written for Label Studio 1.6 and
newer, whose `Repeater` shows an argument a question.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from ..errors import ConfigError, StoreError, printable
from ..records import Sample
from ..store.files import atomic, write_bytes
from .evidence import argument_evidence
from .exchange import MOST_BYTES, ExchangeRow, answer_text, as_text, rows_of
from .records import CRITERIA
from .retrace import answer_of
from .store import LONGEST_NAME, ReviewStore

CONFIG = Path(__file__).with_name("label_studio.xml")
"""The labelling configuration that the tasks are made for."""
_TEXT_AREAS = ("query_correction", "answer_correction", "comment")
_QUESTIONS = frozenset((*_TEXT_AREAS, *(f"{criterion}_mark" for criterion in CRITERIA)))
_ORIGIN = "origin_"


def write_tasks(store: ReviewStore, file: Path) -> int:
    """Write every sample of the review as a task, and the configuration beside it; returns how many.

    Raises StoreError: a file cannot be written, or a sample was changed since.
    """
    count = 0
    with atomic(file) as out:
        out.write(b"[")
        for count, id in enumerate(store.assignment.order, 1):
            out.write(b",\n" if count > 1 else b"\n")
            out.write(orjson.dumps(_task(store, id)))
        out.write(b"\n]\n")
    write_bytes(config_beside(file), CONFIG.read_bytes())
    return count


def config_beside(file: Path) -> Path:
    """Where the labelling configuration for a file of tasks is written."""
    return file.with_name(f"{file.stem}.config.xml")


def _task(store: ReviewStore, id: str) -> dict[str, Any]:
    entry, sample = store.catalogue.entry(id), store.sample(id)
    called = {api for call in sample.answer[1] for api in call}
    history = sample.user_profile.user_history
    return {
        "data": {
            "id": id,
            "digest": entry.digest,
            "scenario": sample.scenario,
            "group": entry.group,
            "query": sample.query,
            "profile": as_text(
                {
                    "basic_features": sample.user_profile.basic_features,
                    "user_history": {
                        sample.scenario: history.get(sample.scenario, []),
                        **{name: visits for name, visits in history.items() if name != sample.scenario},
                    },
                }
            ),
            "platforms": as_text({platform.name: platform.profile for platform in sample.platforms}),
            "answer": answer_text(answer_of(sample)),
            "tools": as_text([tool for tool in sample.tools if tool["function"]["name"] in called]),
            "arguments": _arguments(sample),
        },
        "predictions": [
            {"model_version": row.annotator, "result": list(_results(row, sample))}
            for row in rows_of(store, entry, sample)
            if row.annotator
        ],
    }


def _arguments(sample: Sample) -> list[dict[str, str]]:
    return [
        {"path": each.path, "text": f"{each.api}: {each.parameter} = {orjson.dumps(each.value).decode()}"}
        for each in argument_evidence(sample)
    ]


def _results(row: ExchangeRow, sample: Sample) -> Iterator[dict[str, Any]]:
    for criterion, mark in row.marks.items():
        yield _choice(f"{criterion}_mark", "query" if criterion == "query" else "answer", mark)
    texts = {"query_correction": row.query, "answer_correction": row.answer, "comment": row.comment}
    for name, text in texts.items():
        if text:
            to = "answer" if name == "answer_correction" else "query"
            yield {"from_name": name, "to_name": to, "type": "textarea", "value": {"text": [text]}}
    for number, argument in enumerate(argument_evidence(sample)):
        if argument.path in row.origins:
            yield _choice(f"origin_{number}", f"argument_{number}", row.origins[argument.path])


def _choice(name: str, to: str, word: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": to, "type": "choices", "value": {"choices": [word]}}


def read_annotations(file: Path) -> Iterator[ExchangeRow]:
    """The annotations of a JSON export of Label Studio, a row each; cancelled ones are left out.

    Raises StoreError: it cannot be read; ConfigError: it is no such export.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{file}: larger than {MOST_BYTES:,} bytes, expected an export of Label Studio")
        tasks = orjson.loads(file.read_bytes())
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from None
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{file}: not JSON: {error}; expected the format JSON of Label Studio") from None
    if not isinstance(tasks, list):
        raise ConfigError(f"{file}: expected a list of tasks, as Label Studio's format JSON has it")
    for number, task in enumerate(tasks):
        place = f"{file}: task {number + 1}"
        data = task.get("data") if isinstance(task, dict) else None
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            raise ConfigError(f"{place}: no data.id, expected a task that ptool.review export wrote")
        annotations = task.get("annotations")
        if not isinstance(annotations, list):
            raise ConfigError(f"{place}: annotations: {_got(annotations)}, expected a list")
        for at, annotation in enumerate(annotations):
            where = f"{place} ({data['id'][:80]!r})"
            if not isinstance(annotation, dict):
                raise ConfigError(f"{where}: annotations[{at}]: {_got(annotation)}, expected an object")
            if not annotation.get("was_cancelled"):
                yield _read_annotation(annotation, data, where)


def _read_annotation(annotation: dict[str, Any], data: dict[str, Any], place: str) -> ExchangeRow:
    results = annotation.get("result")
    if not isinstance(results, list):
        raise ConfigError(f"{place}: result: {_got(results)}, expected a list")
    said: dict[str, str] = {}
    for at, result in enumerate(results):
        name, word = _read_result(result, f"{place}: result[{at}]")
        if word:
            said[name] = word
    arguments = data.get("arguments") or []
    origins: dict[str, str] = {}
    for name, word in said.items():
        if name.startswith(_ORIGIN):
            origins[_path(arguments, name, place)] = word
    marks = {name: said[f"{name}_mark"] for name in CRITERIA if f"{name}_mark" in said}
    seconds = annotation.get("lead_time")
    return ExchangeRow(
        place=place,
        sample=data["id"],
        digest=str(data.get("digest") or ""),
        annotator=_annotator(annotation.get("completed_by"), place),
        marks=marks,
        query=said.get("query_correction", ""),
        answer=said.get("answer_correction", ""),
        origins=origins,
        comment=said.get("comment", ""),
        seconds=float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else 0.0,
    )


def _read_result(result: Any, place: str) -> tuple[str, str]:
    """Which question was answered, and how; no words for what is no answer to ours, or was taken away again.

    Raises ConfigError: it is damaged.
    """
    related = isinstance(result, dict) and result.get("type") == "relation"  # of two regions: it has no name
    name = "" if related else result.get("from_name") if isinstance(result, dict) else None
    if not isinstance(name, str):
        raise ConfigError(f"{place}: {_got(result)}, expected an object with 'from_name' and 'value'")
    if name not in _QUESTIONS and not name.startswith(_ORIGIN):
        return name, ""  # a question that a project added, or a relation
    key = "text" if name in _TEXT_AREAS else "choices"
    value = result.get("value")
    words = value.get(key) if isinstance(value, dict) else None
    words = [words] if isinstance(words, str) else words
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"{place}: {name}: {_got(value)}, expected {{{key!r}: [a text]}}")
    return name, words[0] if words else ""


def _path(arguments: Any, name: str, place: str) -> str:
    """The argument that a label is of. Raises ConfigError: the task has no such one."""
    number = name.removeprefix(_ORIGIN)
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else -1
    argument = arguments[at] if isinstance(arguments, list) and 0 <= at < len(arguments) else None
    path = argument.get("path") if isinstance(argument, dict) else None
    if not isinstance(path, str):
        raise ConfigError(f"{place}: {name}: data.arguments says of no such argument, expected its path")
    return path


def _got(value: Any) -> str:
    return "nothing there" if value is None else f"got {printable(repr(value), 60)}"


def _annotator(completed_by: Any, place: str) -> str:
    """A name for who did it: a number, an address, or what a project says of its people; empty: nobody."""
    if isinstance(completed_by, dict):
        named = (completed_by.get(key) for key in ("username", "first_name", "email", "id"))
        completed_by = next((name for name in named if name), None)
    if isinstance(completed_by, bool) or not isinstance(completed_by, int | str | None):
        raise ConfigError(f"{place}: completed_by: {_got(completed_by)}, expected a number or a name")
    if isinstance(completed_by, int):
        return f"Label Studio {completed_by}"
    name = completed_by or ""
    if len(name) <= LONGEST_NAME:
        return name
    digest = blake2b(name.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{name[: LONGEST_NAME - 9]}~{digest}"  # two long addresses may begin alike
