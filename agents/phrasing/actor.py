"""The lean actor (§4.2): a model says in one sentence what code drew for a visit; code refuses and mends.

Shown one visit at a time it cannot copy one sentence from another, and what is not the plan is drawn again.
Where no sentence will do, the plan's own one stands in; whoever keeps the history counts it as mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, model_validator

from ...errors import UnusableAnswerError
from ...models.request import NO_USAGE, Reply, Request
from ...models.seeds import derive
from ...records import Actions
from ...texts.search import compact
from ..output_forms import FormRole, refuse_copies
from ..role import Ask, Observation, Views
from .spoken_words import spoken_words

LONGEST_ACTION = 160
"""Characters of the sentence a model writes."""
_PAST = re.compile(
    r"\b(?:\w{2,}ed|bought|got|took|sent|found|made|paid|chose|went|had|was|were|did|sold|read|wrote|put|set|"
    r"kept|gave|met|saw|left|spent|built|taught|began|held|let|lent|brought|told|cut|hired|withdrew|drew|sought)\b",
    re.IGNORECASE,
)
_WISH = re.compile(r"\b(?:I(?:'ll| will| want| need)|please|going to)\b", re.IGNORECASE)


@lru_cache(maxsize=64)
def visit_form(details_text: str) -> type[Actions]:
    """The form of what was done on one visit: a sentence in the past tense that says its details.

    Args: details_text: JSON text of parameter -> value.
    """
    details = orjson.loads(details_text)

    class VisitAction(Actions):
        """What was done on one visit."""

        @model_validator(mode="before")
        @classmethod
        def _from_sentence(cls, answer: Any) -> Any:
            if not isinstance(answer, dict) or not isinstance(answer.get("action"), str):
                return answer
            action = " ".join(answer["action"].split())
            if len(action) > LONGEST_ACTION:
                raise ValueError(f"`action` has {len(action)} characters, expected at most {LONGEST_ACTION}")
            if not _PAST.search(action) or _WISH.search(action) or action.endswith("?"):
                raise ValueError("say in the past tense what was done, such as with a verb in -ed")
            for name, value in details.items():
                spoken_words(name, value, {"const": value}, action)
            return {"actions": [action]}

        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            del args, options
            return {
                "type": "object",
                "properties": {"action": {"type": "string", "minLength": 8, "maxLength": LONGEST_ACTION}},
                "required": ["action"],
                "additionalProperties": False,
            }

    VisitAction.__name__ = VisitAction.__qualname__ = Actions.__name__
    return VisitAction


class PhrasingActor(FormRole):
    """Answers with one sentence for every visit of a plan."""

    shows: ClassVar[tuple[str, ...]] = ("visit",)

    async def respond(self, observation: Observation, ask: Ask) -> Reply | BaseModel:
        """Visit after visit; the plan's own sentence where no answer is one."""
        assert self.prompt is not None
        usage, actions = NO_USAGE, []
        for number, visit in enumerate(Views(observation.views)["visits.plan"]):
            shown = {key: visit[key] for key in ("need", "job", "details", "think_up")}
            system, user = self.prompt.render({**observation.views, "visit": shown})
            turn = f"{observation.turn}/{number}"
            seed = derive(observation.seed, "visit", number)
            form = visit_form(orjson.dumps(visit["details"]).decode())
            request = Request(self.name, turn, system, user, form, seed, self.sampling)
            check = partial(self._accept_action, visit, tuple(actions))
            try:
                reply = await ask(self.fitted(request, observation), accept=check)
            except UnusableAnswerError:
                actions.append(visit["plain"])
            else:
                usage += reply.usage
                actions += reply.record.actions
        return Reply(Actions(actions=tuple(actions)), usage)

    def _accept_action(self, visit: Mapping[str, Any], earlier: Iterable[str], record: Any) -> Any:
        """The record; raises ValueError for the first thing that is wrong with its sentence."""
        if len(record.actions) != 1:
            raise ValueError(f"got {len(record.actions)} sentences, expected one")
        [action] = record.actions
        refuse_copies(record, self.prompt.examples if self.prompt else (), {"visit": visit})
        if _without_numbers(action) in map(_without_numbers, (*earlier, visit["job"])):
            raise ValueError("this was written before; say something else that was done")
        if visit["platform"].casefold() in action.casefold():
            raise ValueError(f"the sentence names {visit['platform']!r}; name no platform")
        unsuitable = re.search(visit["unsuitable"], action, re.IGNORECASE) if visit["unsuitable"] else None
        if unsuitable:
            raise ValueError(f"{unsuitable[0]!r} does not suit this person; name another thing")
        return record


def _without_numbers(text: str) -> str:
    """A text as it is compared with others: what differs in a number alone is the same."""
    return compact(re.sub(r"\d+", "", text))
