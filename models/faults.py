"""What can go wrong between a question and an answer, in one vocabulary for every client.

Clients raise `AttemptError` themselves or whatever their SDK raises; `fault_of` reads the latter by its
shape (status code, headers, kind of exception) and knows no SDK.
"""

from __future__ import annotations

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal, get_args

Kind = Literal[
    "rate_limited", "timeout", "connection", "server", "unauthorised", "refused", "too_large", "malformed"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""rate_limited: 429. timeout: no whole answer in time. connection: refused, reset, no such host.
server: 5xx. unauthorised: 401, 402, 403. refused: any other 4xx. too_large: more bytes than are read.
malformed: what came is no completion."""

LASTING: frozenset[Kind] = frozenset(("unauthorised", "refused"))
"""Asking again would not help."""

NO_MONEY_CODES = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
"""Codes of errors that stand for a spent account: they come as 429, but waiting does not help."""

_MESSAGE_CHARACTERS = 500
_CHARACTERS_READ = 2_000
_LONGEST_WAIT = 1e7


class AttemptError(Exception):
    """One attempt that brought no answer.

    Args: kind: what went wrong; message: in the endpoint's words, bounded, without secrets;
        retry_after: seconds the endpoint asks to wait; None: it does not say.
    """

    status: int | None = None
    """of the HTTP reply; None: there was none"""
    field: str = ""
    """the field of the request it is about, where it says so beside its words"""
    sampled: str | None = None
    """what the model had written, where the endpoint refused that and not the request"""

    def __init__(self, kind: Kind, message: str, retry_after: float | None = None) -> None:
        # An endpoint's words go to a terminal: no escape sequences.
        printable = "".join(char if char.isprintable() else " " for char in message[:_CHARACTERS_READ])
        super().__init__(" ".join(printable.split())[:_MESSAGE_CHARACTERS])
        self.kind: Kind = kind
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        """As it goes to another process."""
        return type(self), (self.kind, str(self), self.retry_after), self.__dict__

    @property
    def words(self) -> str:
        """What was said without its numbers, by which two refusals are told apart."""
        return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "0", str(self))

    def reworded(self, message: str) -> AttemptError:
        """The same fault in other words."""
        other = AttemptError(self.kind, message, self.retry_after)
        other.status, other.field, other.sampled = self.status, self.field, self.sampled
        return other


def kind_of_status(status: int) -> Kind:
    """The kind of fault an HTTP status >= 400 stands for."""
    if status == 429:
        return "rate_limited"
    if status in (401, 402, 403):
        return "unauthorised"
    if status == 408:
        return "timeout"
    return "server" if status >= 500 else "refused"


def fault_of(error: Exception) -> AttemptError | None:
    """What another client's exception means; None where it is no matter between client and endpoint."""
    if isinstance(error, AttemptError):
        return error
    status: Any = getattr(error, "status_code", None)
    message = f"{type(error).__name__}: {error}"
    if isinstance(status, int) and status >= 400:
        if getattr(error, "code", None) in NO_MONEY_CODES:
            return AttemptError("unauthorised", message)
        return AttemptError(kind_of_status(status), message, retry_after(_headers(error)))
    names = {base.__name__.lower() for base in type(error).__mro__}
    if any("timeout" in name for name in names):
        return AttemptError("timeout", message)
    if isinstance(error, OSError) or any("connect" in name for name in names):
        return AttemptError("connection", message)
    return None


def _headers(error: Exception) -> Any:
    return getattr(getattr(error, "response", None), "headers", {}) or {}


def retry_after(headers: Any) -> float | None:
    """Seconds that a reply asks to wait; None where it does not say, or nothing that can be read.

    Read are `retry-after-ms` and both forms of `Retry-After`: seconds, and a date, which is compared with the
    reply's own `Date` where it has one, so that clocks need not agree.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name)) * unit
        except (TypeError, ValueError):
            continue
        return seconds if 0 <= seconds < _LONGEST_WAIT else None
    until, now = _date(headers.get("retry-after")), _date(headers.get("date"))
    if until is None:
        return None
    seconds = until - (time.time() if now is None else now)
    return max(seconds, 0.0) if seconds < _LONGEST_WAIT else None


def _date(text: Any) -> float | None:
    """An HTTP date as seconds since 1970; without a zone it is in UTC."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
