"""What is said above a page: what was just done, and what somebody has to know of the sample they see."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from ...rendering.text import inert
from ..records import Review


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said above a page."""

    text: str
    kind: str = ""
    """'', 'warn' or 'bad'"""
    focus: bool = False
    """whether it is what to look at first"""
    undo: bool = False


def notice_of(given: Mapping[str, str], samples: Container[str]) -> Notice | None:
    """What an address says was done.

    Args: given: its parameters; samples: ids that may be named.
    """
    about = given.get("about", "")
    known = inert(about) if about in samples else ""
    match given.get("did"):
        case "done":
            return Notice(f"Saved {known}.", undo=True)
        case "differs":
            return Notice(
                f"Saved {known}. Labels that differ from what the sample records are marked below, with its "
                "evidence. Changed labels count for the sample; agreement is of those you gave first.",
                undo=True,
            )
        case "skipped":
            return Notice(f"Skipped {known}.", undo=True)
        case "undone":
            return Notice(f"Taken back: {known} is as it was before.", "warn")
        case "nothing":
            return Notice("There is nothing of yours to take back.", "warn")
        case "empty":
            return Notice("Nothing is left in this queue.", "warn")
        case _:
            return None


def made_anew(review: Review) -> Notice:
    """Of a sample that is another one than somebody reviewed."""
    return Notice(
        f"The run has made this sample anew since it was reviewed ({review.at[:10]}). What was said then "
        "counts no longer, and stays in the history.",
        "warn",
    )
