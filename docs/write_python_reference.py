"""Writes docs/python_reference.md from the docstrings of what `ptool` offers to Python; start it as it is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ptool
from ptool import errors
from ptool.records import Sample

PAGE = Path(__file__).with_name("python_reference.md")
_HEAD = """\
# Python reference

Written from the docstrings by `docs/write_python_reference.py`; [python.md](python.md) shows how it is used.
A `Place` is a path, as text or as `pathlib` has it; `Overrides` are a mapping or a list of words; `Progress`
is True, False, None or a function.
"""
_SECTION = re.compile(r"^(Args|Raises):\s*(.*)$")
_ITEM = re.compile(r"^    (\w[\w, ]*): (.*)$")


def reference() -> str:
    """The whole page."""
    offered = [getattr(ptool, name) for name in ptool.__all__ if name[0] != "_"]
    functions = sorted(filter(inspect.isfunction, offered), key=lambda one: one.__code__.co_firstlineno)
    classes = [ptool.Run, ptool.Samples, ptool.Evaluation]
    assert {*functions, *classes} == {*offered}
    parts = [*map(_function, functions), *map(_class, classes), _fields(Sample), _errors()]
    return "\n".join([_HEAD, *parts])


def _function(function: Any) -> str:
    keyword = "async def " if inspect.iscoroutinefunction(function) else ""
    return (
        f"## {function.__name__}\n\n```python\n{keyword}{_signature(function)}\n```\n\n{_markdown(function)}"
    )


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    inner = []
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in inner:
            inner.append("*")
        if name != "self":
            inner.append(str(parameter).replace("'", ""))
    lines = "".join(f"    {one},\n" for one in inner)
    returns = str(signature.return_annotation).replace("'", "")
    return f"{function.__name__}({lines and chr(10)}{lines}) -> {returns}"


def _class(kind: type) -> str:
    base = next((one.__name__ for one in kind.__bases__ if one is not object), "")
    beside = f"A `Run` has what [`{base}`](#{base.lower()}) have, and:\n\n" if base else ""
    members = [_member(name, value) for name, value in vars(kind).items() if _is_shown(name, value)]
    about = _markdown(kind).partition("\nArgs:")[0]  # who uses it does not make it
    return f"## {kind.__name__}\n\n{about}\n{beside}" + "".join(members)


def _is_shown(name: str, value: Any) -> bool:
    return name[0] != "_" and (inspect.isfunction(value) or hasattr(value, "__doc__"))


def _member(name: str, value: Any) -> str:
    call = "()" if inspect.isfunction(value) else ""
    first, *rest = _markdown(value).rstrip().split("\n")
    return "\n".join([f"- `{name}{call}`: {first}", *(f"  {line}".rstrip() for line in rest)]) + "\n"


def _fields(record: Any) -> str:
    rows = [
        f"- `{name}`: {' '.join((field.description or '').split())}\n"
        for name, field in record.model_fields.items()
    ]
    return f"## {record.__name__}\n\n`ptool.records.{record.__name__}`. {record.__doc__}\n\n{''.join(rows)}"


def _errors() -> str:
    tree = re.search(r"^PtoolError\n(?:[│├└].*\n)+", errors.__doc__ or "", re.MULTILINE)
    assert tree is not None
    return f"## Errors\n\nAll of them are in `ptool.errors`.\n\n```text\n{tree[0]}```\n"


def _markdown(documented: Any) -> str:
    """A docstring as Markdown: its sections as lists."""
    return "\n".join(_lines(inspect.getdoc(documented) or "")) + "\n"


def _lines(text: str) -> Iterator[str]:
    in_section = False
    for line in text.split("\n"):
        if found := _SECTION.match(line):
            in_section = not found[2]
            yield f"{found[1]}: {found[2]}" if found[2] else f"{found[1]}:\n"
        elif in_section and (item := _ITEM.match(line)):
            yield f"- `{item[1]}`: {item[2]}"
        elif in_section and line.startswith("        "):
            yield f"  {line.strip()}"
        else:
            in_section = in_section and not line
            yield line


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")
