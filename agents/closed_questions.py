"""Closed questions, answered by a letter; judges of them (§4.3), each with its own code.

What code has proven is not asked again. A weak model writes nonsense when it has to explain, and the first
option when it has to name one; by the probabilities of letters, averaged over orders of the options, it is
right far more often. Where an endpoint gives no probabilities, the letter it writes counts.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from string import ascii_uppercase
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from ..errors import ConfigError
from ..models.request import NO_USAGE, Reply, Request
from ..records import Choice, Finding, Verdict
from ..texts.sentences import sentences_of
from ..texts.similar_words import telling_words
from .phrasing import telling_parameters, things_named
from .role import Ask, Observation, Role, Views

MOST_OPTIONS = len(ascii_uppercase)
YES_NO = ("yes", "no")
_CERTAIN = 0.8
"""Probability of the best option from which a further order of the options is not asked for."""
_SURE = 0.7
"""Probability of a yes from which a thing belongs to a kind of need; of a name, which few know, the half."""
_DISTRACTORS = 5
"""Other calls that stand beside the right one."""


@dataclass(frozen=True)
class ClosedQuestion:
    """Options of which the first is right.

    Args: options: texts, the right one first; message: what it means when another one is
        chosen, which stands for {chosen}; shown: views of the role's own besides `options`; least: share of
        the right one from which it is chosen, 0: the most.
    """

    options: Sequence[str]
    message: str
    path: str = "query.text"
    shown: Mapping[str, Any] = field(default_factory=dict)
    least: float = 0.0


class ClosedRole(Role):
    """A role that chooses among options it shows itself, by a letter.

    Args:
        orders: orders of the options that are asked at most, >= 1.
        arguments: those of `Role`.
    """

    shows: ClassVar[tuple[str, ...]] = ("options",)

    def __init__(self, *, orders: int = 2, **arguments: Any) -> None:
        super().__init__(**arguments)
        if isinstance(orders, bool) or not isinstance(orders, int) or orders < 1:
            raise ConfigError(f"agent.{self.name}.orders: got {orders!r}, expected an integer of at least 1")
        if self.prompt is None:
            raise ConfigError(f"agent.{self.name}.prompt: missing; a closed question has to be asked")
        self.orders = orders

    def choice(
        self,
        observation: Observation,
        options: Sequence[str],
        order: Sequence[int],
        part: str,
        **shown: Any,
    ) -> Request:
        """The question for a letter, the options in an order; empty: the answer is yes or no.

        Args: part: of the turn; shown: views of the role's own besides `options`.
        """
        lettered = [
            {"letter": letter, "option": options[option]}
            for letter, option in zip(ascii_uppercase, order, strict=False)
        ]
        assert self.prompt is not None
        system, user = self.prompt.render({**observation.views, "options": lettered, **shown})
        return Request(
            self.name, f"{observation.turn}/{part}", system, user, closed_form(len(order)), observation.seed,
            self.sampling,
        )  # fmt: skip


class ClosedJudge(ClosedRole):
    """A judge that is asked questions whose right answers code knows.

    Args:
        code: of its objection, such as 'unnatural'.
        blames: who has to mend it.
        arguments: those of `ClosedRole`.
    """

    def __init__(
        self, *, code: str, blames: Literal["query", "solution"] = "query", **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        self.code = code
        self.blames: Literal["query", "solution"] = blames

    @abstractmethod
    def questions(self, views: Mapping[str, Any]) -> Iterable[ClosedQuestion]:
        """What there is to ask about these views; nothing where code knows already."""

    async def respond(self, observation: Observation, ask: Ask) -> Reply:
        """Ask every question, and object to each that is answered wrong."""
        usage, findings = NO_USAGE, []
        for number, question in enumerate(self.questions(Views(observation.views))):
            weights, cost = await self._weigh(observation, question, number, ask)
            usage += cost
            chosen = max(range(len(weights)), key=lambda place: weights[place])
            if chosen != 0 or weights[0] < question.least * sum(weights):
                finding = Finding(
                    code=self.code, blames=self.blames, path=question.path,
                    message=question.message.replace("{chosen}", question.options[chosen]),
                )  # fmt: skip
                findings.append(finding)
        return Reply(Verdict(ok=not findings, reasons=tuple(findings)), usage)

    async def _weigh(
        self, observation: Observation, question: ClosedQuestion, number: int, ask: Ask
    ) -> tuple[list[float], Any]:
        """The probability of every option, averaged over the orders asked; and what that cost."""
        count = len(question.options)
        if tuple(question.options) == YES_NO:
            reply = await ask(self.choice(observation, YES_NO, (), str(number), **question.shown))
            weights = reply.record.weights or {reply.record.letter: 1.0}
            return [weights.get(word, 0.0) for word in YES_NO], reply.usage
        order = list(range(count))
        random.Random(f"{observation.turn}/{number}").shuffle(order)
        total, usage = [0.0] * count, NO_USAGE
        for turn in range(self.orders):
            request = self.choice(observation, question.options, order, f"{number}/{turn}", **question.shown)
            reply = await ask(request)
            usage += reply.usage
            choice: Choice = reply.record
            weights = choice.weights or {choice.letter: 1.0}
            for place, option in enumerate(order):
                total[option] += weights.get(ascii_uppercase[place], 0.0)
            if max(total) / (turn + 1) >= _CERTAIN and choice.weights:
                break
            order = order[::-1] if turn % 2 == 0 else [*order[1:], order[0]]
        return total, usage


class YesNoJudge(ClosedJudge):
    """Asks of the whole query what its prompt asks; yes is right."""

    _OBJECTIONS: ClassVar[dict[str, str]] = {
        "unnatural": "no customer would say this so; say it simply, as one sentence that makes sense",
        "says_more": "the text asks for more than the calls do; leave out what no call takes",
    }

    def questions(self, views: Mapping[str, Any]) -> Iterable[ClosedQuestion]:
        """The one question of the prompt; its answers are words, so one order says all."""
        del views
        yield ClosedQuestion(YES_NO, self._OBJECTIONS.get(self.code, "the answer was no"))


class NeedRecogniser(ClosedJudge):
    """Has to say of each thing that a query names whether it is one for its kind of need (Definition 3.1).

    Asked are the things of every call, and where a query names none, its words that tell the need; not what
    only the need's own description has. The thing stands alone: beside its query a small model goes by
    neighbouring words (1.5B: 19 of 19 right alone, 9 of 12 of them beside the query). It says yes too often:
    of 16 wrong things it told 9 by the half and 13 by `_SURE`, which takes none of 25 right common nouns.
    """

    shows: ClassVar[tuple[str, ...]] = ("thing", "need.name", "need.description")

    def questions(self, views: Mapping[str, Any]) -> Iterable[ClosedQuestion]:
        """Whether each thing belongs to the task's kind of need; its answers are words."""
        right = views["task"]["context"]["name"]
        described = {need["name"]: need["description"] for need in views["contexts"]}
        if right not in described:
            return
        words = {name: telling_words(f"{name.replace('_', ' ')} {text}") for name, text in described.items()}
        own, foreign = words.pop(right), set().union(*words.values())
        need = {"need.name": right.replace("_", " "), "need.description": described[right]}
        for path, thing in _things(views["query.intents"], views["query.need"], views["task.apis"]):
            said = telling_words(thing)
            if not said or said & foreign or not said <= own:
                yield ClosedQuestion(
                    YES_NO,
                    f"{thing!r} is none of {need['need.name']} ({described[right]}); name something that is",
                    path,
                    {"thing": thing, **need},
                    _SURE if thing.islower() else 0.0,
                )


def _things(
    intents: Sequence[Mapping[str, Any]], need: str, tools: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Path and words of everything that a query names; of what tells its need, where it names nothing."""
    schemas = {
        function["name"]: function["parameters"].get("properties", {})
        for function in (tool["function"] for tool in tools)
    }
    named = [
        (f"query.intents[{number}].stated.{phrase['parameter']}", thing)
        for number, intent in enumerate(intents)
        for phrase in intent["phrases"]
        if phrase["parameter"] in telling_parameters(schema := schemas.get(intent["api"], {}))
        for thing in things_named(phrase["words"], schema[phrase["parameter"]])
    ]
    yield from named or ([("query.need", need)] if need else [])


class CallRecogniser(ClosedJudge):
    """Has to recognise every call among other functions of the platform, and each option of an argument.

    Of several calls each is shown with its own sentences alone, where it has some: a small model names what
    the others ask for.
    """

    def questions(self, views: Mapping[str, Any]) -> Iterable[ClosedQuestion]:
        """For every call of the task: the function among others, then each option among its siblings."""
        functions = {tool["function"]["name"]: tool["function"] for tool in views["apis"]
                     if tool["platform"] == views["platform"]["name"]}  # fmt: skip
        called = {call["api"] for call in views["task"]["calls"]}
        described = {functions[name]["description"] for name in called if name in functions}
        intents = views["query.intents"]
        for index, (intent, said) in enumerate(
            zip(intents, _own_words(views["query"], intents), strict=True)
        ):
            function = functions.get(intent["api"])
            if function is None:
                continue
            shown = {"query": said}
            others = sorted({other["description"] for other in functions.values()} - described)
            chosen = random.Random(f"{intent['api']} {views['query']}").sample(
                others, min(_DISTRACTORS, len(others))
            )
            right = function["description"]
            if chosen:
                yield ClosedQuestion(
                    (right, *chosen),
                    f"it reads as: {{chosen}} Ask for this instead: {right}",
                    f"query.intents[{index}].api",
                    shown,
                )
            yield from _option_questions(function, intent, f"query.intents[{index}].stated", shown)


def _own_words(text: str, intents: Sequence[Mapping[str, Any]]) -> list[str]:
    """For each call its sentences: those that say its values, and what follows them and says none.

    The whole text where not each call has sentences of its own.
    """
    parts: list[list[str]] = [[] for _ in intents]
    owners = [0] if intents else []
    for sentence in sentences_of(text):
        saying = [
            number
            for number, intent in enumerate(intents)
            if any(phrase["words"] in sentence for phrase in intent["phrases"])
        ]
        owners = saying or owners
        for number in owners:
            parts[number].append(sentence)
    own = [" ".join(part) for part in parts]
    return own if len(set(own) - {""}) == len(own) else [text] * len(own)


def _option_questions(
    function: Mapping[str, Any], intent: Mapping[str, Any], path: str, shown: Mapping[str, Any]
) -> Iterable[ClosedQuestion]:
    """Options, yes and no may be paraphrased, so code cannot prove them: the right value among the others."""
    words = {phrase["parameter"]: phrase["words"] for phrase in intent["phrases"]}
    for name, value in intent["stated"].items():
        schema = function["parameters"].get("properties", {}).get(name, {})
        options = [True, False] if isinstance(value, bool) else list(schema.get("enum") or ())
        literal = str(value).replace("_", " ").casefold() in words.get(name, "").casefold()
        if value in options and len(options) > 1 and not (literal and not isinstance(value, bool)):
            what = f"{function['description']} {schema.get('description', name)}"
            others = [option for option in options if option != value][: MOST_OPTIONS - 1]
            yield ClosedQuestion(
                [f"{what}: {_value_words(option)}" for option in (value, *others)],
                f"{name} reads as {{chosen}}, not as {_value_words(value)}; say it clearly",
                f"{path}.{name}",
                shown,
            )


def _value_words(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value).replace("_", " ")


@lru_cache(maxsize=MOST_OPTIONS)
def closed_form(count: int) -> type[Choice]:
    """The form of an answer with so many options, 0 for yes or no; clients may weigh `letters` instead."""

    class Closed(Choice):
        """The letter of the right option."""

        letters: ClassVar[tuple[str, ...]] = tuple(ascii_uppercase[:count]) or YES_NO

        @field_validator("letter")
        @classmethod
        def _of_an_option(cls, letter: str) -> str:
            for known in cls.letters:
                if letter.strip().strip(".").casefold() == known.casefold():
                    return known
            raise ValueError(f"expected one of {', '.join(cls.letters)}")

        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            del args, options
            return {
                "type": "object",
                "properties": {"letter": {"type": "string", "enum": list(cls.letters)}},
                "required": ["letter"],
                "additionalProperties": False,
            }

    Closed.__name__ = Closed.__qualname__ = Choice.__name__
    return Closed
