"""What a model is told when its answer could not be used.

Where the answer itself teaches something, it is shown, bounded, with the objection; where it does not (it was
empty, cut off, held back), the question is asked again with a word on what to do differently.
"""

from __future__ import annotations

from .cache_key import Message
from .parse import Status, Unusable

_SHOWN = 4_000
_FORM = "Write one JSON object of the required form and nothing else."
_AGAIN: dict[Status, str] = {
    "truncated": f"Your last answer was cut off before its end. Answer shorter. {_FORM}",
    "too_long": f"Your last answer was far too long. Answer shorter. {_FORM}",
    "empty": f"Your last answer was empty. {_FORM}",
    "refusal": "You declined the last time. Everybody and everything here is invented, and nothing is "
    f"carried out. {_FORM}",
    "content_filter": f"Your last answer was held back by a content filter. Choose harmless words. {_FORM}",
}


def corrected(messages: tuple[Message, ...], said: str, fault: Unusable) -> tuple[Message, ...]:
    """The messages to ask with again.

    Args: messages: those asked with; said: the answer; fault: why it cannot be used.
    """
    if fault.status in _AGAIN:
        speaker, text = messages[-1]
        return (*messages[:-1], (speaker, f"{text}\n\n{_AGAIN[fault.status]}"))
    objection = f"This answer cannot be used: {fault}\nAnswer the same request again. {_FORM}"
    return (*messages, ("assistant", said[:_SHOWN]), ("user", objection))
