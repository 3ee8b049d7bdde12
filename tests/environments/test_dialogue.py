"""The query-and-solution protocol along every path, through both drivers."""

from __future__ import annotations

import json

import pytest
from ptool.agents import Role
from ptool.agents.autogen import make_agents
from ptool.environments import Dialogue
from ptool.environments.runner import run_dialogue
from ptool.errors import ConfigError, ModelError, UnknownPartError
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.records import Finding, Verdict

SEES = {
    "user": ["scenario", "platform", "task", "task.apis", "profile.basic", "profile.implicit", "feedback"],
    "assistant": ["scenario", "platforms", "apis", "profile.basic", "profile.implicit", "query", "feedback"],
    "verifier": [
        "scenario",
        "platforms",
        "solution.apis",
        "profile.basic",
        "profile.implicit",
        "query",
        "solution",
        "solution.responses",
    ],
}
OUTPUT = {"user": "ptool.records.Query", "assistant": "ptool.records.Solution"}
OK = Verdict(ok=True, reasons=())
DRIVERS = pytest.mark.parametrize("driver", ["loop", "round_robin"])


def objection(blames):
    found = Finding(code="Wrong Value!", blames=blames, path="", message="no")
    return Verdict(ok=False, reasons=(found,))


class Play:
    """Plays one episode with scripted answers: role -> what it says in its first, second, … turn."""

    def __init__(self, world, cafe, **said):
        self.world, self.cafe = world, cafe
        self.said = {"user": [cafe.query()], "assistant": [cafe.solution()], "verifier": [OK], **said}
        self.shown: dict[str, list[dict]] = {}
        self.seeds: dict[str, list[int]] = {}

    def answer(self, role, blocks, seed):
        self.seeds.setdefault(role, []).append(seed)
        self.shown.setdefault(role, []).append({name: json.loads(text) for name, text in blocks.items()})
        turns = self.said[role]
        said = turns[min(len(self.shown[role]), len(turns)) - 1]
        if isinstance(said, Exception):
            raise said
        return said

    async def episode(
        self,
        driver="loop",
        *,
        judges=("verifier",),
        query_judges=(),
        max_rounds=2,
        roles=None,
        assistant="propose",
        samples=1,
    ):
        roles = roles or {
            name: Role(
                name,
                name if name in SEES else "verifier",
                OUTPUT.get(name, "ptool.records.Verdict"),
                SEES.get(name, SEES["verifier"]),
            )
            for name in ("user", *query_judges, *(["assistant"] if assistant == "propose" else []), *judges)
        }
        gateway = Gateway({"default": Endpoint(FakeModel(self.answer))}, concurrency=4)
        dialogue = Dialogue(
            self.world,
            sees={n: r.sees for n, r in roles.items()},
            judges=judges,
            query_judges=query_judges,
            max_rounds=max_rounds,
            assistant=assistant,
        )
        agents = make_agents(roles, gateway.ask)
        return await run_dialogue(dialogue, self.cafe.task, agents, seed=1, driver=driver, samples=samples)


def spoken(episode):
    return [(turn.role, turn.round) for turn in episode.turns]


@DRIVERS
async def test_a_faultless_episode_is_accepted(world, cafe, driver):
    episode = await Play(world, cafe).episode(driver)
    assert (episode.status, episode.rounds, episode.reasons) == ("accepted", 0, ())
    assert spoken(episode) == [("user", 0), ("assistant", 0), ("verifier", 0)]
    assert episode.responses[0]["item"] == "flat whites"
    assert episode.usage.calls == 3


@DRIVERS
async def test_a_bad_query_goes_back_to_the_user(world, cafe, driver):
    play = Play(world, cafe, user=[cafe.query("Two flat whites from BeanBar please"), cafe.query()])
    episode = await play.episode(driver)
    assert (episode.status, episode.rounds) == ("accepted", 1)
    assert spoken(episode) == [("user", 0), ("user", 1), ("assistant", 1), ("verifier", 1)]
    assert play.shown["user"][0]["feedback"] == []
    assert "query.platform" in {one["code"] for one in play.shown["user"][1]["feedback"]}


@DRIVERS
async def test_a_bad_solution_goes_back_to_the_assistant(world, cafe, driver):
    play = Play(world, cafe, assistant=[cafe.solution(quantity="2"), cafe.solution()])
    episode = await play.episode(driver)
    assert spoken(episode) == [("user", 0), ("assistant", 0), ("assistant", 1), ("verifier", 1)]
    assert [one["code"] for one in play.shown["assistant"][1]["feedback"]] == ["arguments.type"]
    assert [one.code for one in episode.objections] == ["arguments.type"]


async def test_the_assistant_is_never_told_the_target(world, cafe):
    play = Play(world, cafe, assistant=[cafe.solution(platform="SlowCup", api="brew"), cafe.solution()])
    episode = await play.episode()
    feedback = play.shown["assistant"][1]["feedback"]
    assert [one["code"] for one in feedback] == ["agreement"]
    assert "BeanBar" not in json.dumps(feedback)
    assert "BeanBar" in episode.objections[0].message


@DRIVERS
@pytest.mark.parametrize(("blames", "back_to"), [("query", "user"), ("solution", "assistant")])
async def test_a_judge_sends_it_back_to_whom_it_blames(world, cafe, driver, blames, back_to):
    episode = await Play(world, cafe, verifier=[objection(blames), OK]).episode(driver)
    assert spoken(episode)[3] == (back_to, 1)
    assert (episode.status, episode.objections[0].code) == ("accepted", "judge.wrong_value")


@DRIVERS
async def test_after_the_last_round_it_is_rejected_with_reasons(world, cafe, driver):
    episode = await Play(world, cafe, verifier=[objection("solution")]).episode(driver, max_rounds=1)
    assert (episode.status, episode.rounds) == ("rejected", 1)
    assert [one.source for one in episode.reasons] == ["verifier"]
    assert len(episode.objections) == 2


@DRIVERS
async def test_query_judges_and_judges_must_all_agree(world, cafe, driver):
    play = Play(world, cafe, gate=[objection("solution"), OK], second=[Verdict(ok=False, reasons=()), OK])
    episode = await play.episode(driver, query_judges=["gate"], judges=["verifier", "second"])
    assert spoken(episode)[:3] == [("user", 0), ("gate", 0), ("user", 1)]
    assert [(one.code, one.blames) for one in episode.objections] == [
        ("judge.wrong_value", "query"),
        ("judge.unexplained", "solution"),
    ]
    assert (episode.status, episode.rounds) == ("accepted", 2)


@DRIVERS
@pytest.mark.parametrize("role", ["user", "assistant", "verifier"])
async def test_a_failing_model_rejects_the_episode(world, cafe, driver, role):
    episode = await Play(world, cafe, **{role: [RuntimeError("gone")]}).episode(driver)
    assert (episode.status, episode.reasons[0].code) == ("rejected", "model.unreachable")
    episode = await Play(world, cafe, **{role: ["no json"]}).episode(driver)
    assert (episode.status, episode.reasons[0].code) == ("rejected", "model.malformed")
    assert episode.reasons[0].source == role


@DRIVERS
async def test_a_role_the_model_cannot_play_ends_the_run(world, cafe, driver):
    with pytest.raises(UnknownPartError, match="cannot play"):
        await Play(world, cafe, verifier=[UnknownPartError("cannot play 'verifier'")]).episode(driver)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"verifier": [objection("query"), objection("solution"), OK]},
        {"assistant": ["{}"]},
        {"verifier": [ModelError("x")], "second": [objection("query")]},
        {"verifier": [objection("query")], "second": [ModelError("x")]},
    ],
)
async def test_both_drivers_give_equal_episodes(world, cafe, said):
    said = {"second": [OK], **said}
    first = await Play(world, cafe, **said).episode("loop", judges=["verifier", "second"])
    other = await Play(world, cafe, **said).episode("round_robin", judges=["verifier", "second"])
    assert first.model_dump_json() == other.model_dump_json()


async def test_a_role_sees_its_views_and_nothing_else(world, cafe):
    play = Play(world, cafe)
    sees = SEES | {"blind": ["scenario", "query", "profile.basic"]}
    role = Role("blind", sees=sees["blind"])
    roles = {n: Role(n, n, OUTPUT.get(n, "ptool.records.Verdict"), SEES[n]) for n in SEES}
    kept = []

    async def respond(observation, ask):
        kept.append(observation.views)
        return OK

    role.respond = respond
    episode = await play.episode(judges=["verifier", "blind"], roles={**roles, "blind": role})
    assert episode.status == "accepted"
    assert set(kept[0]) == {"scenario", "query", "profile.basic"}
    assert "SENTINEL" not in repr(kept)
    assert "SENTINEL" in repr(play.shown["verifier"])
    assert "task" not in play.shown["assistant"][0]


def test_wrong_roles_are_named_at_once(world):
    with pytest.raises(ConfigError, match="'task' tells the answer"):
        Dialogue(world, sees={**SEES, "assistant": ["query", "task"]})
    with pytest.raises(ConfigError, match="'visits' is not shown"):
        Dialogue(world, sees={**SEES, "user": ["visits"]})
    with pytest.raises(ConfigError, match=r"agent\.privacy: missing"):
        Dialogue(world, sees=SEES, judges=["privacy"])


# --- where code writes the solution


@DRIVERS
@pytest.mark.parametrize("assistant", ["confirm", "none"])
async def test_no_assistant_is_asked_where_code_solves(world, cafe, driver, assistant):
    play = Play(world, cafe, gate=[OK])
    episode = await play.episode(driver, assistant=assistant, judges=(), query_judges=["gate"])
    assert (episode.status, episode.solution) == ("accepted", cafe.solution())
    assert spoken(episode) == [("user", 0), ("gate", 0)]
    assert episode.responses[0]["item"] == "flat whites"
    assert "assistant" not in play.shown


@DRIVERS
@pytest.mark.parametrize("blames", ["query", "solution"])
async def test_all_objections_lead_back_to_the_user_where_code_solves(world, cafe, driver, blames):
    play = Play(world, cafe, gate=[objection(blames), OK], verifier=[objection(blames), OK])
    episode = await play.episode(driver, assistant="confirm", query_judges=["gate"])
    assert spoken(episode) == [
        ("user", 0), ("gate", 0),
        ("user", 1), ("gate", 1), ("verifier", 1),
        ("user", 2), ("gate", 2), ("verifier", 2),
    ]  # fmt: skip
    assert (episode.status, episode.rounds) == ("accepted", 2)
    assert [one.blames for one in episode.objections] == ["query", "query"]
    assert [[one["code"] for one in shown["feedback"]] for shown in play.shown["user"]] == [
        [],
        ["judge.wrong_value"],
        ["judge.wrong_value"],
    ]


@DRIVERS
@pytest.mark.parametrize("role", ["user", "gate", "verifier"])
async def test_a_failing_model_blames_the_query_where_code_solves(world, cafe, driver, role):
    play = Play(world, cafe, **{"gate": [OK], role: [RuntimeError("gone")]})
    episode = await play.episode(driver, assistant="confirm", query_judges=["gate"])
    [reason] = episode.reasons
    assert (episode.status, reason.code, reason.blames) == ("rejected", "model.unreachable", "query")


# --- several answers a turn


def bad(cafe, word):
    return cafe.query(f"Two {word} flat whites from BeanBar please")


@DRIVERS
async def test_the_first_answer_that_is_not_objected_to_counts(world, cafe, driver):
    play = Play(world, cafe, user=[bad(cafe, "hot"), bad(cafe, "big"), cafe.query(), bad(cafe, "never")])
    episode = await play.episode(driver, samples=4)
    assert (episode.status, episode.rounds, episode.objections) == ("accepted", 0, ())
    assert spoken(episode) == [("user", 0), ("assistant", 0), ("verifier", 0)]
    assert len(set(play.seeds["user"])) == 3
    assert [shown["feedback"] for shown in play.shown["user"]] == [[], [], []]  # nobody is told why
    assert episode.usage.calls == 5  # what was not taken was paid for


@DRIVERS
async def test_the_last_answer_of_a_turn_counts_whatever_it_is(world, cafe, driver):
    play = Play(world, cafe, user=[*(bad(cafe, word) for word in ("hot", "big", "new")), cafe.query()])
    episode = await play.episode(driver, samples=2)
    assert (episode.status, episode.rounds, len(play.shown["user"])) == ("accepted", 1, 4)
    assert [bool(shown["feedback"]) for shown in play.shown["user"]] == [False, False, True, True]
    assert "big" in episode.turns[0].output["text"]
    rejected = await Play(world, cafe, user=[bad(cafe, "hot")]).episode(driver, samples=3, max_rounds=0)
    assert (rejected.status, rejected.usage.calls) == ("rejected", 3)


@DRIVERS
async def test_the_assistant_draws_again_and_judges_do_not(world, cafe, driver):
    play = Play(
        world, cafe, assistant=[cafe.solution(quantity="2"), cafe.solution()],
        verifier=[objection("query"), OK], second=[OK],
    )  # fmt: skip
    episode = await play.episode(driver, samples=2, judges=["verifier", "second"])
    assert spoken(episode)[:4] == [("user", 0), ("assistant", 0), ("verifier", 0), ("second", 0)]
    assert (len(play.shown["verifier"]), len(play.shown["second"]), episode.rounds) == (2, 2, 1)


@DRIVERS
@pytest.mark.parametrize("judge", ["gate", "verifier"])
async def test_no_objection_of_a_judge_is_drawn_away(world, cafe, driver, judge):
    play = Play(world, cafe, **{"gate": [OK], judge: [objection("query"), OK]})
    episode = await play.episode(driver, samples=3, query_judges=["gate"])
    assert (episode.rounds, len(episode.objections), len(play.shown[judge])) == (1, 1, 2)


def state_after(dialogue, cafe, *outputs):
    """The state of an episode in which these roles have said this."""
    state = dialogue.reset(cafe.task)
    for role, output in outputs:
        state = dialogue.apply(state, role, output)
    return state


def feedback_dialogue(world, **changes):
    """A dialogue that shows every role the feedback."""
    roles = ("user", "assistant", "verifier", "taste")
    return Dialogue(world, sees=dict.fromkeys(roles, ("feedback",)), **changes)


def test_only_who_has_to_mend_is_shown_what_to(world, cafe):
    dialogue = feedback_dialogue(world)
    state = state_after(
        dialogue,
        cafe,
        ("user", cafe.query()),
        ("assistant", cafe.solution()),
        ("verifier", objection("solution")),
    )
    assert dialogue.next(state) == ("assistant",)
    assert len(dialogue.observe(state, "assistant")["feedback"]) == 1
    assert len(dialogue.observe(state, "user")["feedback"]) == 1
    assert list(dialogue.observe(state, "verifier")["feedback"]) == []
    mended = dialogue.apply(state, "assistant", cafe.solution())
    assert (mended.feedback, mended.voters, mended.vote_reasons) == ((), (), ())


def test_a_new_query_makes_an_older_solution_and_its_votes_meaningless(world, cafe):
    dialogue = feedback_dialogue(world, judges=("verifier", "taste"))
    said = [
        ("user", cafe.query()),
        ("assistant", cafe.solution()),
        ("verifier", objection("query")),
        ("taste", OK),
    ]
    state = state_after(dialogue, cafe, *said)
    assert (state.phase, state.round, state.voters) == ("query", 1, ())
    state = dialogue.apply(state, "user", cafe.query())
    assert (state.phase, state.solution, state.responses, state.feedback) == ("solution", None, (), ())


@pytest.mark.parametrize(
    ("assistant", "said", "blames"),
    [("propose", 0, "query"), ("propose", 1, "solution"), ("none", 0, "query"), ("none", 1, "query")],
)
def test_a_model_that_does_not_answer_is_blamed_for_what_it_had_to_give(world, cafe, assistant, said, blames):
    dialogue = feedback_dialogue(world, assistant=assistant)
    state = state_after(dialogue, cafe, *[("user", cafe.query())][:said])
    failed = dialogue.fail(state, dialogue.next(state)[0], ModelError("x" * 700))
    assert (failed.phase, failed.reasons[0].blames, len(failed.reasons[0].message)) == (
        "rejected",
        blames,
        600,
    )
    assert failed.objections == failed.reasons


@pytest.mark.parametrize(("max_rounds", "phase"), [(0, "rejected"), (1, "query")])
def test_the_last_round_is_the_last(world, cafe, max_rounds, phase):
    state = state_after(feedback_dialogue(world, max_rounds=max_rounds), cafe, ("user", cafe.query("Tea!")))
    assert state.phase == phase


def test_without_a_word_there_are_two_rounds_and_then_nobody_speaks(world, cafe):
    dialogue = feedback_dialogue(world)
    state, rounds = dialogue.reset(cafe.task), []
    while dialogue.next(state):
        rounds.append(state.round)
        state = dialogue.apply(state, "user", cafe.query("Tea!"))
    assert (rounds, state.phase, dialogue.next(state)) == ([0, 1, 2], "rejected", ())


def test_a_judges_findings_and_codes_are_bounded(world, cafe):
    codes = ["x" * 50, "!?", *(f"code {number}" for number in range(15))]
    findings = tuple(Finding(code=code, blames="solution", path="", message="no") for code in codes)
    said = [("user", cafe.query()), ("assistant", cafe.solution())]
    state = state_after(
        feedback_dialogue(world), cafe, *said, ("verifier", Verdict(ok=False, reasons=findings))
    )
    found = [reason.code for reason in state.objections]
    assert (found[:3], len(found)) == (["judge." + "x" * 40, "judge.other", "judge.code_0"], 16)


def test_there_is_nothing_to_check_before_the_query(world, cafe):
    dialogue = feedback_dialogue(world)
    with pytest.raises(ValueError, match="there is no query yet"):
        dialogue.case(dialogue.reset(cafe.task))
