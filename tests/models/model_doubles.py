"""What tests of the gateway share: time that passes at once, a scripted endpoint, a log in a dictionary."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.request import Request
from ptool.records import Verdict
from ptool.records.model_calls import Answer, Failure, Spent
from ptool.settings import Limits, Price

OK = '{"ok": true}'
Result = TypeVar("Result")


class _Skipping(selectors.DefaultSelector):
    """Does not wait: tells the loop how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everybody waits, and nothing will ever happen")
        self.now += timeout or 0.0
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next thing that happens: minutes pass in no time."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def virtual(story: Coroutine[Any, Any, Result]) -> Result:
    """Run a story in virtual time; a story that hangs fails."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)


def now() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


class Log:
    """A `CallLog` in memory."""

    def __init__(self, spent: Spent = Spent()) -> None:  # noqa: B008
        self.answers: dict[bytes, Answer] = {}
        self.statuses: dict[bytes, str] = {}
        self.failures: list[Failure] = []
        self.before = spent
        self.asked: dict[tuple[str, int], Any] = {}
        self.asked_in_vain: list[Any] = []

    def find_answer(self, key: bytes) -> Answer | None:
        return self.answers.get(key)

    async def save_answer(self, answer: Answer, messages: Any = ()) -> None:
        await asyncio.sleep(0)
        self.answers[answer.key] = answer
        self.asked[answer.turn, len(self.answers)] = tuple(messages)

    def set_answer_status(self, key: bytes, status: str) -> None:
        self.statuses[key] = status

    def save_failure(self, failure: Failure, messages: Any = ()) -> None:
        self.failures.append(failure)
        self.asked_in_vain.append(tuple(messages))

    def spent(self) -> Spent:
        return self.before

    @property
    def kinds(self) -> list[str]:
        """The kinds of the failures, in order."""
        return [one.kind for one in self.failures]


class Endless(FakeModel):
    """Answers after `seconds`; `says(number of the call, seed)` is the text, or an exception to raise."""

    def __init__(
        self, says: Callable[[int, int], Any] = lambda number, seed: OK, seconds: float = 0.0
    ) -> None:
        super().__init__(lambda *_: OK, keep=True)
        self.says = says
        self.seconds = seconds
        self.started: list[float] = []
        self.flying = self.most = 0

    async def create(self, messages: Any, **options: Any) -> Any:
        number = len(self.started)
        self.started.append(now())
        self.prompts.append([str(one.content) for one in messages])
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            seed = (options.get("extra_create_args") or {}).get("seed", 0)
            said = self.says(number, seed)
            seconds = self.seconds
            if isinstance(said, tuple):
                seconds, said = said
            await asyncio.sleep(seconds)
            if isinstance(said, BaseException):
                raise said
            self._reply = lambda *_: said if isinstance(said, str) else OK
            result = await super().create(messages, **options)
            return said(result) if callable(said) else result
        finally:
            self.flying -= 1

    def answer(self, texts: Any, seed: int) -> str:
        return self._reply("", {}, seed)  # prompts are kept by `create`


def request(role: str = "verifier", seed: int = 7, **options: Any) -> Request:
    """A short question for a verdict."""
    asked = {"system": f"Role: {role}\nJudge.", "user": "", "output": Verdict, "seed": seed} | options
    return Request(role, asked.pop("turn", f"t/{role}/{seed}"), **asked)


def endpoint(client: Any, *, price: Price | None = None, identity: str = "me", **limits: Any) -> Endpoint:
    """An endpoint called 'test-model at nowhere'."""
    return Endpoint(client, "test-model at nowhere", identity, Limits(**limits), price)
