"""The lean user role: a model thinks up the open values of an errand and phrases them; the rest is code's.

Code finds the words of every value in the text, tells which words show the kind of need, appends options,
days and numbers that the text leaves out and what is left to the profile, and refuses a text that does not
say what was thought up, one fault at a time. The role sees no profile
(§4.3 shows it the whole profile: `roles=paper`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from ...models.request import NO_USAGE, Reply, Request
from ...models.seeds import derive
from ...records import Query
from ...texts.allusions import ended, with_allusions
from ...texts.similar_words import telling_words
from ..examples import copied_text
from ..role import Ask, Observation, Role, Views
from .query_form import phrased_query
from .small_faults import without_greeting


class PhrasingUser(Role):
    """Answers with the values of an errand and the sentence that says them (§4.3)."""

    def form(self, views: Mapping[str, Any]) -> type[Query]:
        """A query that is put together from values and text; the errand's own options and bounds hold."""
        return phrased_query(
            *(orjson.dumps(views[name]).decode() for name in ("errand", "errand.mentions", "errand.options"))
        )

    async def respond(self, observation: Observation, ask: Ask) -> Reply | Query:
        """Phrase call by call: in one sentence for two calls, values stray from one to the other."""
        views = Views(observation.views)
        jobs = views["errand"]["jobs"]
        if len(jobs) == 1:
            return await ask(self.request(observation), accept=partial(self._accept_part, jobs, ()))
        parts: list[Query] = []
        usage = NO_USAGE
        for number in range(len(jobs)):
            shown = {**observation.views, **_part(views, number, parts)}
            reply = await ask(
                self.request(
                    observation.model_copy(
                        update={
                            "views": shown,
                            "turn": f"{observation.turn}/{number}",
                            "seed": derive(observation.seed, "job", number),
                        }
                    )
                ),
                accept=partial(self._accept_part, jobs, tuple(parts)),
            )
            usage += reply.usage
            parts.append(reply.record)
        return Reply(_joined(parts, views["errand.mentions"]), usage)

    def _accept_part(
        self, jobs: Sequence[Mapping[str, Any]], earlier: Sequence[Query], query: Query
    ) -> Query:
        """The query for one call; raises ValueError where it repeats an example, or an earlier call."""
        said = [str(value) for intent in query.intents for value in intent.stated.values()]
        examples = self.prompt.examples if self.prompt else ()
        if copied := copied_text(said, examples, lambda: orjson.dumps(jobs).decode()):
            raise ValueError(f"{copied[:80]!r} stands in an example; think of another thing")
        return _unlike(earlier, query)

    def request(self, observation: Observation) -> Request:
        """Show one objection at a time: a weak model mends one thing, and forgets the second.

        Bounds of texts are for the form of the answer: shown, they are repeated ("in at most 20 characters").
        """
        views = Views(observation.views)
        feedback = [_without_profile(reason) for reason in (views.get("feedback") or [])[:1]]
        shown = {**observation.views, "errand": _unbounded(views["errand"]), "feedback": feedback}
        request = super().request(observation.model_copy(update={"views": shown}))
        return replace(request, output=self.form(views))


def _part(views: Mapping[str, Any], number: int, earlier: Sequence[Query]) -> dict[str, Any]:
    """The views of a request for one call only; a purpose that tells the need is said with the first.

    Args: earlier: the queries for the calls before; shown what they ask of the same function, a model says it
        again, so the form of the answer lets no text begin with the same letter.
    """
    errand = views["errand"]
    job = errand["jobs"][number]
    asked = [part.intents[0].stated for part in earlier if part.intents[0].api == job["api"]]
    texts = [value for stated in asked for value in stated.values() if isinstance(value, str) and value]
    if texts:
        job = {**job, "taken": "".join(sorted({text[0].casefold() for text in texts}))}
    others = tuple(f"query.intents[{n}]" for n in range(len(errand["jobs"])) if n != number)
    return {
        "errand": {
            **errand,
            "jobs": [job],
            "purpose": errand["purpose"] and number == 0,
        },
        "errand.mentions": [[]],
        "errand.options": [views["errand.options"][number]],
        "feedback": [
            reason for reason in views.get("feedback") or [] if not reason.get("path", "").startswith(others)
        ],
    }


def _unbounded(errand: Mapping[str, Any]) -> dict[str, Any]:
    """An errand without the lengths and the taken letters of its texts."""
    jobs = [
        {
            **{key: part for key, part in job.items() if key != "taken"},
            "say": {
                name: {key: value for key, value in schema.items() if key != "maxLength"}
                for name, schema in job["say"].items()
            },
        }
        for job in errand["jobs"]
    ]
    return {**errand, "jobs": jobs}


def _unlike(earlier: Sequence[Query], query: Query) -> Query:
    """The query for one call; raises ValueError where an earlier call asks for the very same."""
    if any(_asks(query) == _asks(part) for part in earlier):
        raise ValueError("the customer asked for this in another sentence already; think of another thing")
    return query


def _asks(query: Query) -> list[tuple[str, set[str]]]:
    """What a query asks for, one coat or several alike."""
    return [(intent.api, telling_words(orjson.dumps(intent.stated).decode())) for intent in query.intents]


def _joined(parts: Sequence[Query], mentions: Sequence[Sequence[str]]) -> Query:
    """One query of the queries for each call, in sentences of their own."""
    first, *others = (ended(part.text) for part in parts)
    text = " ".join((first, *map(without_greeting, others)))
    return Query(
        text=with_allusions(text, mentions),
        intents=tuple(intent for part in parts for intent in part.intents),
        need=next((part.need for part in parts if part.need), ""),
    )


def _without_profile(reason: Mapping[str, str]) -> Mapping[str, str]:
    """An objection as somebody is shown it who must not learn what stands in the profile."""
    if reason.get("code") != "query.contradicts":
        return reason
    word = reason["message"].split("'")[1] if "'" in reason["message"] else "that"
    return {**reason, "message": f"{word!r} does not suit this customer; think of another thing altogether"}
