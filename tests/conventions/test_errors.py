"""The family of errors is the one drawn at the top of errors.py."""

import re

from ptool import errors


def drawn(text: str) -> list[tuple[str, str]]:
    """Class and parent of every line of the drawing that hangs below another."""
    pairs: list[tuple[str, str]] = []
    above: list[str] = []
    for branches, name in re.findall(r"^((?:[│ ]   )*(?:[├└]── )?)(\w+Error)\b", text, re.MULTILINE):
        depth = len(branches) // 4
        above[depth:] = [name]
        pairs += [(name, above[depth - 1])] if depth else []
    return pairs


def test_the_drawing_shows_every_error_below_its_parent() -> None:
    family = [
        error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, Exception)
    ]
    below = [(error.__name__, error.__base__.__name__) for error in family if error is not errors.PtoolError]
    assert drawn(errors.__doc__ or "") == below


def test_a_drawing_is_read_with_its_depths() -> None:
    text = "AError\n├── BError  b\n│   └── CError\n└── DError"
    assert drawn(text) == [("BError", "AError"), ("CError", "BError"), ("DError", "AError")]
