"""The key of a call: sixteen bytes that stand for everything its answer depends on, and for nothing else.

Whatever may change an answer is in it: who is asked, every message, the output's schema, sampling, seed and
the number of the attempt. Whatever may not is left out: when, how many at a time, under which item's name. It
knows neither clients nor the ledger that keeps answers under these keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal

import orjson
from pydantic import BaseModel

from ..output_schema import digest
from ..request import Message

KEY_BYTES = 16

_LONG_TEXT = 4_096


def cache_key(
    identity: str,
    messages: Iterable[Message],
    output: type[BaseModel] | Literal[True] | None,
    sampling: Mapping[str, Any],
    seed: int,
    number: int,
    tools: Sequence[Mapping[str, Any]] = (),
    tool_choice: str = "auto",
) -> bytes:
    """The key of one call.

    Args:
        identity: the endpoint's (`Endpoint.identity`).
        messages: everything said so far, corrections included.
        output: the record asked for; True: any JSON; None: text.
        sampling: further arguments of the call.
        seed: the one that is sent.
        number: of the attempt, corrections and restarts counted together, from 0.
        tools: functions the model may call.
        tool_choice: whether it calls one (auto, required, none), or the name of the one it has to call.
    """
    options = orjson.dumps(sampling, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    # Every part is preceded by its length, so that none can pass for the beginning of the next.
    schema = digest(output) if isinstance(output, type) else b"json" if output else b"text"
    offered = (orjson.dumps(tools),) if tools else ()
    choice = () if tool_choice == "auto" else (b"choice", tool_choice.encode())
    fixed = (identity.encode(), schema, options, b"%d" % seed, b"%d" % number, *offered, *choice)
    whole = [b"%d:%b" % (len(part), part) for part in fixed]
    for speaker, text in messages:
        part = _text_digest(text) if len(text) > _LONG_TEXT else text.encode("utf-8", "surrogatepass")
        whole.append(b"%b%d:%b" % (speaker.encode(), len(text), part))
    return blake2b(b"".join(whole), digest_size=KEY_BYTES, person=b"ptool call 1").digest()


@lru_cache(maxsize=128)
def _text_digest(text: str) -> bytes:
    """What stands for a long text: the same 60 kB of shared prompt are hashed once, not in every call."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()
