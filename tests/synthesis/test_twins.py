"""Twins: the same words from another user, sent to another platform, played without the user agent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from ptool.agents import Role
from ptool.agents.autogen import make_agents
from ptool.cli.progress import SILENT, Progress
from ptool.environments import Dialogue, World
from ptool.environments.checks import choose_checks
from ptool.errors import UnreachableModelError
from ptool.executors import LocalExecutor
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.models.request import NO_USAGE
from ptool.records import (
    Api,
    Context,
    Episode,
    Finding,
    History,
    Intent,
    Phrase,
    Platform,
    Preference,
    Profile,
    Query,
    ScenarioWorld,
    Solution,
    Task,
    TaskCall,
    Verdict,
)
from ptool.store import Ledger
from ptool.synthesis.context import RunContext
from ptool.synthesis.items import PopulationItems
from ptool.synthesis.twins import NoTwin, Twin, original_of, plan_twins, play_twin, play_twins

TEXT = "Two flat whites brought to my home please."
NAMES = {"Ants": ("item", "quantity", "address"), "Bees": ("drink", "count", "street")}
GOES = {"anna": "Ants", "ben": "Bees", "cleo": "Bees", "dora": "Ants"}
PEOPLE = [
    Profile(
        id=name,
        basic={"home_address": f"{number} {name.title()} Row", "email": f"{name}@example.org"},
        implicit={},
    )
    for number, name in enumerate(GOES, start=11)
]
OWN = ["scenario", "platforms", "profile.basic", "profile.implicit", "query"]
SEES = {
    "user": ["scenario", "platform", "task", "task.apis", "profile.basic", "profile.implicit", "feedback"],
    "assistant": [*OWN, "apis", "feedback"],
    "verifier": [*OWN, "solution", "solution.apis", "solution.responses"],
}
OK = Verdict(ok=True, reasons=())


def api(platform: str) -> Api:
    item, quantity, address = NAMES[platform]
    properties = {
        item: {"type": "string", "description": "What to drink."},
        quantity: {"type": "integer", "description": "How many."},
        address: {"type": "string", "description": "Where to."},
    }
    parameters = {"type": "object", "properties": properties, "required": [item, address]}
    response = {"type": "object", "properties": {"id": {"type": "string"}}}
    return Api(
        name=f"serve{platform}", description="d", capability="order", parameters=parameters, response=response
    )


WORLD = World(
    ScenarioWorld(
        name="cafe",
        description="d",
        contexts=(Context(name="morning", description="d"),),
        platforms=tuple(Platform(name=one, characteristics=()) for one in NAMES),
        apis={one: (api(one),) for one in NAMES},
    ),
    feature_of={(one, f"serve{one}", names[2]): "home_address" for one, names in NAMES.items()},
    profiles=PEOPLE,
    histories=[
        History(
            user_id=user,
            scenario="cafe",
            preferences=(Preference(context="morning", platform=platform),),
            actions=(),
        )
        for user, platform in GOES.items()
    ],
)


def asked(
    user: str = "anna", number: int = 1, text: str = TEXT, item: str = "flat whites", **changes
) -> Episode:
    """An accepted episode of a user who orders two of an item."""
    platform = GOES[user]
    names = NAMES[platform]
    call = TaskCall(
        api=f"serve{platform}", capability="order", stated=names[:2], known={names[2]: "home_address"}
    )
    phrases = (Phrase(parameter=names[0], words=item), Phrase(parameter=names[1], words="Two"))
    intent = Intent(api=call.api, stated={names[0]: item, names[1]: 2}, phrases=phrases)
    task = Task(
        id=f"cafe-{user}-{number:04}", scenario="cafe", user_id=user, context="morning", platform=platform,
        plan="guided", calls=(call,),
    )  # fmt: skip
    made = Episode(
        id=task.id, task=task, status="accepted", query=Query(text=text, intents=(intent,)),
        solution=Solution(platform=platform, calls=()), rounds=0, reasons=(), turns=(), usage=NO_USAGE,
    )  # fmt: skip
    return made.model_copy(update=changes)


def solved(basic: dict, **changed) -> Solution:
    """What Ben, Cleo or whoever goes to the Bees gets."""
    arguments = {"drink": "flat whites", "count": 2, "street": basic["home_address"], **changed}
    return Solution.model_validate(
        {"platform": "Bees", "calls": [{"api": "serveBees", "arguments": arguments}]}
    )


class Cast:
    """Answers for the roles, and remembers who was asked."""

    def __init__(self, assistant=None, verifier=None) -> None:
        self.said = {"assistant": assistant or [solved], "verifier": verifier or [lambda _: OK]}
        self.asked: list[str] = []
        gateway = Gateway({"default": Endpoint(FakeModel(self.answer))}, concurrency=64)
        output = {"user": "ptool.records.Query", "assistant": "ptool.records.Solution"}
        roles = {
            name: Role(name, name, output.get(name, "ptool.records.Verdict"), sees)
            for name, sees in SEES.items()
        }
        self.agents = make_agents(roles, gateway.ask)

    def answer(self, role: str, blocks: dict[str, str], seed: int):
        del seed
        basic = json.loads(blocks["profile.basic"])
        turn = self.asked.count(role)
        self.asked.append(role)
        made = self.said[role][min(turn, len(self.said[role]) - 1)](basic)
        if isinstance(made, Exception):
            raise made
        return made

    async def play(self, twin: Twin, driver: str = "loop", **settings) -> Episode:
        dialogue = Dialogue(WORLD, sees=SEES, **settings)
        return await play_twin(dialogue, *twin, self.agents, seed=1, driver=driver)


def twin_of(episode: Episode, groups: dict[str, str] | None = None, seed: int = 0) -> Twin | NoTwin:
    (made,) = plan_twins({"cafe": WORLD}, [episode], groups or {}, seed)
    return made


# Planning


def test_the_twin_is_another_user_on_another_platform_with_the_same_words():
    for seed in range(8):
        task, query = twin_of(asked(), seed=seed)
        assert task.user_id in ("ben", "cleo")
        assert (task.platform, task.id, original_of(task.id)) == (
            "Bees",
            "cafe-anna-0001-twin",
            "cafe-anna-0001",
        )
        assert query.text == TEXT
        assert task.calls[0].known == {"street": "home_address"}


def test_who_it_is_depends_on_seed_and_id_alone():
    several = [asked(number=number) for number in range(1, 30)]
    chosen = [one.task.user_id for one in plan_twins({"cafe": WORLD}, several, {}, 0)]
    assert set(chosen) == {"ben", "cleo"}
    assert [twin_of(one).task.user_id for one in reversed(several)] == chosen[::-1]
    assert [twin_of(one, seed=1).task.user_id for one in several] != chosen


def test_the_twin_is_of_the_same_group():
    groups = {"anna": "trained", "ben": "untrained", "cleo": "trained", "dora": "untrained"}
    assert {twin_of(asked(), groups, seed).task.user_id for seed in range(8)} == {"cleo"}
    assert twin_of(asked(), {**groups, "cleo": "untrained"}) == NoTwin("cafe-anna-0001", "twin.nobody")


def test_a_rejected_episode_has_none():
    assert not list(plan_twins({"cafe": WORLD}, [asked(status="rejected")], {}, 0))


def test_words_that_hold_the_first_users_data_have_none_even_where_that_user_was_to_say_so():
    own = "Two anna@example.org brought to my home please."
    assert twin_of(asked(text=own, item="anna@example.org")) == NoTwin("cafe-anna-0001", "twin.personal")


# Playing


@pytest.mark.parametrize("driver", ["loop", "round_robin"])
async def test_the_gold_is_the_twins_and_nothing_of_the_first_user_is_in_it(driver):
    cast = Cast()
    episode = await cast.play(twin_of(asked()), driver)
    assert (episode.status, cast.asked) == ("accepted", ["assistant", "verifier"])
    assert [turn.role for turn in episode.turns] == ["user", "assistant", "verifier"]
    assert episode.usage.calls == 2
    assert episode.solution.platform == "Bees" != asked().solution.platform
    user = episode.task.user_id
    address = WORLD.profile(user).basic["home_address"]
    assert episode.solution.calls[0].arguments == {"drink": "flat whites", "count": 2, "street": address}
    assert "anna" not in episode.model_dump_json().casefold().replace(episode.id, "")


@pytest.mark.parametrize("driver", ["loop", "round_robin"])
async def test_a_solution_is_mended_and_the_query_never(driver):
    cast = Cast(assistant=[lambda basic: solved(basic, count="2"), solved])
    episode = await cast.play(twin_of(asked()), driver)
    assert (episode.status, episode.rounds) == ("accepted", 1)
    assert [one.code for one in episode.objections] == ["arguments.type"]

    blamed = Verdict(ok=False, reasons=(Finding(code="vague", blames="query", path="", message="m"),))
    cast = Cast(verifier=[lambda _: blamed, lambda _: OK])
    episode = await cast.play(twin_of(asked()), driver)
    assert (episode.status, episode.rounds, cast.asked) == ("rejected", 0, ["assistant", "verifier"])
    assert (
        [one.code for one in episode.reasons] == ["judge.vague"] == [one.code for one in episode.objections]
    )


async def test_after_the_last_round_it_is_rejected():
    cast = Cast(assistant=[lambda basic: solved(basic, count="2")])
    episode = await cast.play(twin_of(asked()), max_rounds=1)
    assert (episode.status, episode.rounds, cast.asked) == ("rejected", 1, ["assistant", "assistant"])


@pytest.mark.parametrize("driver", ["loop", "round_robin"])
async def test_words_that_give_the_twin_away_end_it_before_anybody_is_asked(driver):
    told = "Two flat whites please, not for ben@example.org or cleo@example.org."
    cast = Cast()
    episode = await cast.play(twin_of(asked(text=told)), driver)
    assert (episode.status, cast.asked, episode.usage) == ("rejected", [], NO_USAGE)
    assert {one.code for one in episode.reasons} == {"query.leak"}


async def test_a_first_users_address_is_no_twins_answer():
    cast = Cast(assistant=[lambda _: solved(WORLD.profile("anna").basic)])
    episode = await cast.play(twin_of(asked()))
    assert episode.status == "rejected"
    assert {one.code for one in episode.reasons} == {"grounding.untraced", "agreement.value"}


# The stage


@pytest.fixture
def made(tmp_path) -> Iterator:
    """Makes the twins of twenty episodes in one folder, in as many starts as wished."""

    async def start(cast: Cast, folder: str = "run", **changes):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        settings = {"seed": 0, "concurrency": 4, "conversation": "loop", "max_rounds": 2, **changes}
        with Ledger(place / "ledger.sqlite") as ledger:
            context = RunContext(
                SimpleNamespace(query_judges=(), judges=("verifier",), assistant="propose", **settings),
                SimpleNamespace(agents=cast.agents, sees=lambda *roles: {one: SEES[one] for one in roles}),
                choose_checks(None), ledger, place, Progress(SILENT),
                executor=(executor := LocalExecutor(settings["concurrency"])),
            )  # fmt: skip
            executor.begin({"": PopulationItems(context, {"cafe": WORLD})}, lambda: None)
            tasks = []
            for number in range(1, 21):
                episode = asked(number=number, status="rejected" if number == 7 else "accepted")
                await ledger.put("episodes", episode.id, episode.model_dump_json().encode())
                tasks.append(episode.task)
            several = await play_twins(context, tasks, {"dora": "untrained"})
            return several, list(several), (place / "twins.jsonl").read_bytes()

    return start


async def test_every_accepted_episode_gets_one_in_its_order(made):
    several, episodes, file = await made(Cast())
    assert [one.id for one in episodes] == [f"cafe-anna-{n:04}-twin" for n in range(1, 21) if n != 7]
    assert {one.status for one in episodes} == {"accepted"}
    assert file.count(b"\n") == 19
    assert several.without == {}


async def test_scheduling_and_driver_change_nothing(made):
    files = [
        (await made(Cast(), f"run{number}", **changes))[2]
        for number, changes in enumerate(
            ({"concurrency": 1}, {"concurrency": 64}, {"conversation": "round_robin"}, {"seed": 1})
        )
    ]
    assert files[0] == files[1] == files[2] != files[3]


async def test_a_second_start_asks_nobody_and_leaves_the_same_bytes(made):
    *_, first = await made(Cast())
    again = Cast()
    assert (await made(again))[2] == first
    assert again.asked == []


async def test_a_twin_without_a_model_is_played_again(made):
    away = Cast(assistant=[lambda _: UnreachableModelError("away")])
    _, episodes, _ = await made(away)
    assert {one.reasons[0].code for one in episodes} == {"model.unreachable"}
    _, episodes, _ = await made(Cast())
    assert {one.status for one in episodes} == {"accepted"}
