"""The form a request is sent in, and how a client finds one that its endpoint takes.

Endpoints refuse fields they do not know, system messages, or a schema, in words of their own or in none, with
any status from 400 to 501. What is refused is asked again in another form, down to the barest; only the form
in which it was answered is kept, for every later request. So it is the next answer that decides whose fault a
refusal was, and words only say what to try first. It knows neither connection nor JSON; the settings are
`model.fields`, `model.system` and `model.structured`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Literal, get_args

from pydantic import BaseModel

from ...errors import ConfigError, names
from ...log import logger
from ..faults import AttemptError

Structured = Literal["json_schema", "json_object", "prompt"]
"""How an endpoint is told the output's form: by its schema; that it be a JSON object, the schema being
in the prompt; by the schema in the prompt alone."""
STRUCTURED: tuple[Structured, ...] = get_args(Structured)
SystemPlace = Literal["own", "user", "auto"]
"""Where the system text goes: into a message of its own, to the beginning of the first user message, or
there once an endpoint refuses system messages."""
SYSTEM_PLACES: tuple[SystemPlace, ...] = get_args(SystemPlace)

FIXED = {
    "model": "model.model",
    "messages": "model.system",
    "response_format": "model.structured",
    "tools": "format",
    "n": "nothing",
}
"""Fields that `model.fields` cannot change, and what sets them instead."""
RENAMED = frozenset(
    (
        *("max_tokens", "max_completion_tokens", "max_new_tokens", "max_output_tokens", "seed", "stop"),
        *("temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "stream"),
        *("repetition_penalty", "logprobs", "top_logprobs", "logit_bias", "parallel_tool_calls"),
    )
)
"""Fields that a text in `model.fields` renames; of all others it is the value."""
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens")
_OWN_FALLBACK = ("logprobs", "top_logprobs")
"""Without these fields closed questions are asked otherwise, which is the client's matter."""
_ABOUT_FORMAT = (
    "response_format",
    "json_object",
    "json mode",
    "structured output",
    "guided",
    "grammar",
    "schema",
)
_ABOUT_SYSTEM = re.compile(
    r"system\W.{0,40}(role|message|prompt|instruction)|roles?\b.{0,80}\bsystem\b|developer instruction"
    r"|roles? must alternate"
)
_CRASHED = (500, 501)
"""Statuses with which endpoints fail over a request, besides failing for a while; others above are those of
proxies, whose servers are mostly down, and seldom fail over the form of a request."""
_CRASHES = 3
"""Times in a row that one request fails so before its form may be why."""
_ABOUT_LOAD = re.compile(r"overload|capacity|busy|loading|starting|maintenance|too many")
_ABOUT_CONTEXT = re.compile(r"context.{0,40}(length|window|size)|too long")
_REFUSES = re.compile(
    r"unsupported|unknown|unrecogni|unexpected|invalid|deprecated|extra|only|must|no such|should be|too \w+"
    r"|(not|cannot|n't)\b.{0,20}(support|allow|permit|accept|recogni|valid|known|exist|set)|\buse\b"
)
"""Words by which a field is refused, rather than mentioned."""
_MOST_SEARCHES_IN_VAIN, _MOST_FORMS = 3, 20
_MOST_BRIEF = 3
"""Forms that are tried where the endpoint may just be down."""
_MOST_RECORDS, _MOST_CRASHED = 1_000, 1_000

Change = tuple[str, Any]
"""A field and what becomes of it: None: left out; a text: renamed (`RENAMED`); anything else: its value."""


def checked_changes(fields: Mapping[str, Any], where: str) -> tuple[Change, ...]:
    """The changes that a mapping asks for.

    Raises ConfigError for a field that is set elsewhere, or a name that is none.
    """
    for name, change in fields.items():
        for touched in (name, change) if isinstance(change, str) and name in RENAMED else (name,):
            if touched in FIXED:
                raise ConfigError(
                    f"{where}.{name}: may not touch {touched!r}, which {FIXED[touched]} sets; of the others "
                    "null leaves one out, a text renames it, a number, true or false is sent instead"
                )
            if not isinstance(touched, str) or not _NAME.fullmatch(touched):
                raise ConfigError(f"{where}: got {touched!r:.80}, expected the name of a field")
    return tuple(fields.items())


def changed(fields: Mapping[str, Any], changes: tuple[Change, ...]) -> dict[str, Any]:
    """The fields of a request after some changes, one after another."""
    after = dict(fields)
    for name, change in changes:
        value = after.pop(name, None)
        if isinstance(change, str) and name in RENAMED:
            if value is not None:
                after[change] = value
        elif change is not None:
            after[name] = change
    return after


@dataclass(frozen=True, slots=True)
class RequestForm:
    """How one request is sent."""

    structured: Structured
    folded: bool = False
    """whether the system text stands at the beginning of the first user message"""
    changes: tuple[Change, ...] = ()
    """what becomes of its fields, beyond the settings"""


class FormMemory:
    """The form that one endpoint is asked in.

    Args: name: the endpoint's, for messages; structured, system: the settings.
    """

    def __init__(self, name: str, structured: Structured | Literal["auto"], system: SystemPlace) -> None:
        self._name = name
        self._auto_structured, self._auto_system = structured == "auto", system == "auto"
        self.form = RequestForm("json_schema" if structured == "auto" else structured, system == "user")
        """the form of the next request, but for records with a form of their own"""
        self._of_record: dict[type[BaseModel], Structured] = {}
        self._answered_in: set[Structured] = set()
        self._system_taken = False
        self._taken: set[str] = set()
        """fields of requests that were answered"""
        self._searches_in_vain = self._outages = 0
        self._crashes: dict[bytes, int] = {}

    def known(self, record: Any) -> RequestForm:
        """The form to ask for a record in, or for text (None)."""
        own = self._of_record.get(record)
        return self.form if own is None else replace(self.form, structured=own)

    def others(self, start: RequestForm, record: Any, sent: Collection[str]) -> Iterator[RequestForm]:
        """The forms to try after a refusal that does not say why: the same again, as some are chance.

        Then with less help, one thing less at a time that no answered request had, the barest, another limit.
        Args: sent: its fields, as far as they may be why.
        """
        yield start
        if self._searches_in_vain >= _MOST_SEARCHES_IN_VAIN:
            return
        below = self.below(start, record)
        yield from below
        fold = self.may_fold(start) and not self._system_taken
        if fold:
            yield from (replace(form, folded=True) for form in (start, *below))
        optional = [(name, None) for name in sent if name not in (*_LIMITS, *_OWN_FALLBACK)]
        for change in optional:
            if change[0] not in self._taken:
                yield replace(start, changes=(*start.changes, change))
        barest = replace((start, *below)[-1], folded=start.folded or fold)
        if left_out := [change for change in optional if change[0] not in self._taken]:
            yield replace(barest, changes=(*start.changes, *left_out))
        for limit in (name for name in _LIMITS if name in sent and name not in self._taken):
            yield replace(start, changes=(*start.changes, (limit, _LIMITS[1])))

    def crashed(self, request: bytes, error: AttemptError, *, like_answered: bool) -> bool:
        """Whether one request has failed so often that its form may be why.

        Args: request: what tells it; like_answered: whether one in its form was answered before.
        """
        if error.kind != "server" or error.status is None:
            return False
        if max(self._searches_in_vain, self._outages) >= _MOST_SEARCHES_IN_VAIN:
            return False
        if error.status not in _CRASHED and (
            like_answered or error.retry_after is not None or _ABOUT_LOAD.search(str(error).lower())
        ):
            return False
        if len(self._crashes) >= _MOST_CRASHED:
            self._crashes.clear()
        digest = blake2b(request, digest_size=16).digest()
        self._crashes[digest] = self._crashes.get(digest, 0) + 1
        return self._crashes[digest] >= _CRASHES

    def answered_in(self, form: RequestForm, record: Any) -> bool:
        """Whether a request in this form was answered: one for a record, or for text (None)."""
        return form.structured in self._answered_in if record else bool(self._taken)

    def takes(self, field: str) -> bool:
        """Whether a request with a field was answered."""
        return field in self._taken

    def below(self, form: RequestForm, record: Any) -> list[RequestForm]:
        """The further ways to ask for a record, each with less help from the endpoint."""
        ways = STRUCTURED[STRUCTURED.index(form.structured) + 1 :]
        return [replace(form, structured=way) for way in ways] if record and self._auto_structured else []

    def may_fold(self, form: RequestForm) -> bool:
        """Whether the system text may move into the first user message."""
        return self._auto_system and not form.folded

    def keep(
        self, form: RequestForm, record: Any, search: FormSearch | None, sent: Mapping[str, Any]
    ) -> None:
        """A request was answered in a form.

        Args: search: how that was found; None: it was known; sent: its fields, which are no fault of others.
        """
        self._taken |= sent.keys()
        self._outages = 0
        if search is not None:
            self._learn(form, record, search)
        if isinstance(record, type):
            self._answered_in.add(form.structured)
        self._system_taken = self._system_taken or not form.folded

    def give_up(self, *, outage: bool) -> None:
        """A request was answered in no form. Args: outage: whether its endpoint may just be down."""
        if outage:
            self._outages += 1
        else:
            self._searches_in_vain += 1

    def _learn(self, form: RequestForm, record: Any, search: FormSearch) -> None:
        """Take over what is new in a form; others that were under way may have learnt it already."""
        for change in form.changes:
            if change not in self.form.changes:
                self.form = replace(self.form, changes=(*self.form.changes, change))
                name, value = change
                now = "left out" if value is None else f"sent as {value}"
                setting = f"model.fields={{{name}: {'null' if value is None else value}}}"
                self._warn(f"the field {name}", search.reason(change), f"it is {now} ({setting})")
        if form.folded and not self.form.folded:
            self.form = replace(self.form, folded=True)
            place = "it stands before the first user message (model.system=user)"
            self._warn("system messages", search.first, place)
        before = search.start.structured
        if form.structured == before:
            return
        if before in self._answered_in and isinstance(record, type):
            if len(self._of_record) < _MOST_RECORDS and record not in self._of_record:
                self._of_record[record] = form.structured
                self._warn(f"{before} of {record.__name__}", search.first, form.structured)
        elif self.form.structured == before:
            self.form = replace(self.form, structured=form.structured)
            self._warn(before, search.first, f"{form.structured} (model.structured)")

    def _warn(self, what: str, error: AttemptError, instead: str) -> None:
        logger.warning("{}: refuses {} ({}); from now on {}", self._name, what, error, instead)


class FormSearch:
    """The search for a form in which one question is answered.

    Args: memory: of the endpoint; start: the form that was refused; record: asked for; error: the refusal;
        sent: the fields it was sent with.
    """

    def __init__(
        self,
        memory: FormMemory,
        start: RequestForm,
        record: Any,
        error: AttemptError,
        sent: Mapping[str, Any],
    ) -> None:
        self.start, self.first = start, error
        self._memory, self._record = memory, record
        limits = _LIMITS if _ABOUT_CONTEXT.search(str(error).lower()) else ()
        self._others = memory.others(start, record, [name for name in sent if name not in limits])
        self._tried = {start}
        self._hints: tuple[Change, ...] = ()
        crashed = error.kind == "server" and not negotiable(error, sent)
        self.may_be_chance = crashed and error.status not in _CRASHED
        """whether the endpoint may just have been down: what it takes then says little, until the form that
        was refused has been refused once more"""
        self._asked_again, self._forms = self.may_be_chance, 0
        self._reasons: dict[Change, AttemptError] = {}

    def next(self, form: RequestForm, error: AttemptError, sent: Mapping[str, Any]) -> RequestForm:
        """The form to try next.

        Args: form: the one refused last; error: that refusal; sent: the fields it was sent with.

        Raises the first refusal where there is no further form, or the last one where it is another fault.
        """
        again = error.kind == "server" and error.status == self.first.status
        if not (negotiable(error, sent) or again or error is self.first):
            raise error
        following = self._hinted(form, error, sent)
        if following is None and error.kind == "unauthorised":  # it is no matter of the form
            raise error
        following = following or self._unhinted()
        if following is None or self._forms >= (_MOST_BRIEF if self.may_be_chance else _MOST_FORMS):
            self._memory.give_up(outage=self.may_be_chance)
            raise self.first
        self._tried.add(following)
        self._forms += 1
        return following

    def _hinted(self, form: RequestForm, error: AttemptError, sent: Mapping[str, Any]) -> RequestForm | None:
        """The form without what the refusal speaks of, if that was not tried yet."""
        words = str(error).lower()
        if _ABOUT_SYSTEM.search(words) and self._memory.may_fold(form):
            return replace(form, folded=True)
        if (about_format(error) or error.kind == "unauthorised") and (
            below := self._memory.below(form, self._record)
        ):
            return below[0]
        if not (self._asked_again or error.field or _REFUSES.search(words)):
            return None
        for name in named_fields(error, sent):
            if name in _LIMITS and _ABOUT_CONTEXT.search(words):
                continue  # its value is too much for this prompt, which says nothing of the field
            renamed = [other for other in _LIMITS if other != name and other in words] or [_LIMITS[1]]
            for change in (*(renamed if name in _LIMITS else ()), None):
                following = replace(form, changes=(*form.changes, (name, change)))
                if change not in dict(form.changes) and following not in self._tried:
                    self._hints = (*self._hints, (name, change))
                    self._reasons[name, change] = error
                    return following
        return None

    def reason(self, change: Change) -> AttemptError:
        """The refusal that named a field."""
        return self._reasons.get(change, self.first)

    def _unhinted(self) -> RequestForm | None:
        """The next form without what nobody spoke of; what was named stays changed."""
        for other in self._others:
            following = replace(other, changes=tuple(dict.fromkeys((*self._hints, *other.changes))))
            if not self._asked_again or following not in self._tried:
                self._asked_again = True
                return following
        return None


def negotiable(error: AttemptError, sent: Mapping[str, Any]) -> bool:
    """Whether a request may have been refused for its form; some say so with a status of 500 and more.

    Args: sent: the fields it was sent with.
    """
    if error.sampled is not None:
        return False
    if error.kind == "server":
        words = str(error).lower()
        named = _REFUSES.search(words) and named_fields(error, sent)
        return bool(about_format(error) or _ABOUT_SYSTEM.search(words) or named)
    if error.kind == "unauthorised":
        return about_format(error)
    return error.kind == "refused" and (error.status is None or error.status >= 400)


def speaks_of_form(error: AttemptError, sent: Mapping[str, Any]) -> bool:
    """Whether a refusal names a field of its request, or the system message."""
    return bool(named_fields(error, sent) or _ABOUT_SYSTEM.search(str(error).lower()))


def about_format(error: AttemptError) -> bool:
    """Whether an endpoint speaks of how the output's form is asked for."""
    words = f"{error} {error.field}".lower()
    return any(word in words for word in _ABOUT_FORMAT)


def named_fields(error: AttemptError, sent: Mapping[str, Any]) -> list[str]:
    """The fields of a request that its refusal names, `top_p` also as `topP`, the first one first."""
    words = f"{error.field.rpartition('.')[2]} {error}".lower()
    places = {
        name: place.start()
        for name in sent
        if name not in _OWN_FALLBACK
        and (place := re.search(rf"(?<!\w){re.escape(name.lower()).replace('_', '[_ -]?')}(?!\w)", words))
    }
    if not places and any(name in words for name in _LIMITS):  # it names the one to use instead
        return [name for name in _LIMITS if name in sent]
    return sorted(places, key=lambda name: places[name])


def checked_choice(value: Any, where: str, known: tuple[str, ...]) -> None:
    """Raises ConfigError where a setting is none of what there is."""
    if value not in known:
        raise ConfigError(f"{where}: got {value!r}, there are {names(known)}")
