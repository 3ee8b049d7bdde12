"""Which parts of a reply are said to the user: reasoning is left out, whatever marks it.

Models mark their reasoning in many ways: `<think>…</think>`, `[THINK]…[/THINK]`, `◁think▷…◁/think▷`,
`<|START_THINKING|>…<|END_THINKING|>`, a channel `analysis` before one `final`, a heading. A mark is known by
a word in it. Marks that nobody knows yet are taken for reasoning where they stand at the start of a line and
are no envelope of an answer, no tool call and no HTML. What is opened and never closed reaches to the end;
what is closed and was never opened began at the start; a lone token opens up to the next. It knows marks, not
answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

Part = tuple[int, int]
"""start and end within the reply"""

_WORDS = (
    r"think|thought|reason|reflect|analy[sz]|scratch|deliberat|ponder|rationale|monologue|cot\b|cot_|inner_"
    r"|unused(?:1[67]|9[45])\b"
)
_SAID = re.compile(
    # envelopes of answers and of their parts, HTML, and special tokens that mark no reasoning
    r"(?:.*:)?(?:reply|result|invoke|parameters?|arguments?|arg_key|arg_value|json|xml|ya?ml|html|body|code|pre"
    r"|s|bos|eos|unk|pad|sep|mask|extra_id_\d+|[biuap]|em|strong|div|span|br|[uo]l|li|table|t[rdh]|details|summary|h[1-6]|inst|sys|user"
    r"|assistant|system|im_start|im_end|sentence|text|turn|message|header|eot_id|eom_id)"
)
_MARK = re.compile(
    r"(?P<open>[<\[◁])(?:(?<!\[)|(?=/?[A-Z]|unused))"
    r"(?:(?<=<)\|channel\|?>[^\S\n]*(?P<channel>\w+)(?P<to>[^<\n]{0,200})"
    r"(?:<\|constrain\|>\w{0,20})?(?:<\|message\|>)?"
    r"|[|｜]?(?P<end>/?)(?P<name>[A-Za-z][\w:.\-▁ ]{0,40}?)(?P<more> [^<>\n\[\]]{0,100})?"
    r"(?P<close>[|｜]?>|\]|▷))"
)
MAX_MARKS = 2_500
"""a reply with more of them is taken for noise: nothing in it is said"""
_STOP = re.compile(r"<\|(?:end|return|start|call)\|>|<channel\|>")
_RECIPIENT = re.compile(r"\bto=[^\s<]{1,200}\s*\Z")
_END_WORD = re.compile(r"(?:^|_)(?:end|suffix|stop|close)(?:_|$)|unused(?:17|95)")
_SAID_WORD = re.compile(r"tool|call|func|answer|respon|final|solution|output|action|python|plugin")
_START_WORD = re.compile(r"(?:^|_)(?:begin|start|end|stop|open|close|of|prefix|suffix)(?=_|$)")
_KNOWN = re.compile(_WORDS, re.IGNORECASE)
_LINE_START = re.compile(r"(?:\A|\n|[>\]▷])[^\S\n]*\Z")
_HEADINGS = re.compile(
    r"here(?:'s| is) my (?:thought process|thinking|reasoning)\b[^\n:]{0,20}:"
    r"|\bhere(?:'s| is) my (?:response|answer)\b[^\n:]{0,20}:",
    re.IGNORECASE,
)
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[A-Z<]|.*assistant\s*(?:final|commentary))", re.DOTALL)
_BARE_FINAL = re.compile(r"assistant\s*(?:final|(?=commentary to=))")


def said_parts(text: str) -> list[Part]:
    """The parts of a reply that are no reasoning, in their order."""
    marks = list(islice(_MARK.finditer(text), MAX_MARKS + 1))
    if len(marks) > MAX_MARKS:
        return []
    bare = _BARE_CHANNELS.match(text)
    if bare:  # the marks were removed, the names of the channels stayed
        finals = [match.end() for match in _BARE_FINAL.finditer(text)]
        return [(finals[-1], len(text))] if finals else []
    if "<|channel" in text and "<|message|>" in text:
        return list(_channels(text, marks))
    hidden = [*_marked(text, marks), *_headed(text)]
    return _without(hidden, len(text))


def _channels(text: str, marks: list[re.Match[str]]) -> Iterator[Part]:
    """The messages of every channel but the ones a model thinks in; a call's recipient stays with it."""
    for mark in marks:
        if mark["channel"] is None or mark["channel"] in ("analysis", "thought"):
            continue
        before = _RECIPIENT.search(text, max(mark.start() - 250, 0), mark.start())
        recipient = before.start() if before else mark.start("to") if "to=" in mark["to"] else None
        if mark["channel"] == "commentary" and recipient is None:
            continue
        stop = _STOP.search(text, mark.end())
        yield mark.end() if recipient is None else recipient, stop.start() if stop else len(text)


def _marked(text: str, marks: list[re.Match[str]]) -> Iterator[Part]:
    """What stands between marks of reasoning, marks included."""
    opened: tuple[int, str] | None = None
    closings = {name for closes, name in map(_meaning, marks) if closes and name}
    for mark in marks:
        closes, name = _meaning(mark)
        if name is None:
            continue
        known = name == ""
        if closes:
            if opened is not None and opened[1] == name:
                yield opened[0], mark.end()
                opened = None
            elif opened is None and (known or _ends_a_line(text, mark)):
                yield 0, mark.end()
        elif (opened is None and (known or (_at_line_start(text, mark) and name in closings))) or (
            opened is None
            and mark["open"] == "<"
            and mark["close"] == ">"
            and not text[: mark.start()].strip()
        ):
            opened = mark.start(), name
    if opened is not None:
        token = next((mark for mark in marks if mark.start() == opened[0] and mark["close"] == "|>"), None)
        following = (mark for mark in marks if mark.start() > opened[0] and mark["close"] == "|>")
        ends = next(following, None) if token else None  # `<|think|>` ends where the next such token stands
        yield opened[0], ends.start() if ends else len(text)


def _meaning(mark: re.Match[str]) -> tuple[bool, str | None]:
    """Whether a mark closes, and its name: '' for all that are known; None: it marks no reasoning."""
    if mark["name"] is None:
        thought = mark["channel"] in ("thought", "analysis")
        return False, "" if thought else None
    plain = re.sub(r"[ ▁.\-]", "_", mark["name"]).lower()
    if plain == "channel" and mark["close"] == "|>":
        return True, ""
    closes = mark["end"] == "/" or _END_WORD.search(plain) is not None
    if _KNOWN.search(plain):
        return closes, ""
    base = _START_WORD.sub("", plain).strip("_")
    piped = mark["close"][0] in "|｜"
    if not base or _SAID_WORD.search(base) or _SAID.fullmatch(plain) or _SAID.fullmatch(base):
        return closes, None
    if mark["open"] == "[" and (mark["name"].upper() != mark["name"] or "_" in plain.strip("_")):
        return closes, None  # a list, not a mark
    if mark["open"] == "[" and re.fullmatch(r"unused\d+", plain) is None and not mark["name"].isalpha():
        return closes, None
    if piped and plain == base and mark["end"] != "/":
        return closes, None  # a lone special token
    return closes, base


def _at_line_start(text: str, mark: re.Match[str]) -> bool:
    return _LINE_START.search(text, max(mark.start() - 40, 0), mark.start()) is not None


def _ends_a_line(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark stands on a line of its own, and something comes after it."""
    line = text[max(mark.start() - 40, 0) : mark.start()].rstrip(" \t")
    return line.endswith("\n") and bool(text[mark.end() : mark.end() + 1_000].strip())


def _headed(text: str) -> Iterator[Part]:
    """Headings that announce a thought, up to the one that announces the response."""
    start: int | None = None
    for heading in _HEADINGS.finditer(text):
        if re.search(_WORDS, heading.group(), re.IGNORECASE):
            start = heading.start() if start is None else start
        elif start is not None:
            yield start, heading.end()
            start = None
    if start is not None:
        yield start, len(text)


def _without(hidden: list[Part], length: int) -> list[Part]:
    """What is left of `length` characters."""
    parts: list[Part] = []
    place = 0
    for start, end in sorted(hidden):
        if start > place:
            parts.append((place, start))
        place = max(place, end)
    return [*parts, (place, length)] if place < length else parts
