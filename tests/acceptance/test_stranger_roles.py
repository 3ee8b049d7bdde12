"""A privacy judge from a folder outside the package: one YAML, one prompt, one small class."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance_bench import Bench, derived_but_card, lines

YAML = """
_target_: privacy_role.Privacy
name: privacy
prompt: privacy
sees: [scenario, query]
player: privacy_role.play
word: order
"""
PROMPT = """
{% block system %}You guard the user's privacy.
{{ data("scenario") }}{% endblock %}
{% block user %}{{ data("query") }}{% endblock %}
"""
CODE = '''
from ptool.agents import Role
from ptool.records import Finding, Verdict


class Privacy(Role):
    """Objects to a word, and must say to what it objects."""

    def __init__(self, word, **rest):
        super().__init__(**rest)
        self.word = word

    def accept(self, record, views):
        if self.word in views["query"]:
            return Verdict(ok=False, reasons=(Finding(code="Said It!", blames="query", message=self.word),))
        return record


def play(part):
    assert sorted(part.blocks) == ["query", "scenario"]
    return Verdict(ok=True)


class Silent(Role):
    async def respond(self, observation, ask):
        return Verdict(ok=set(observation.views) == {"query"})
'''
TINY = ("scenario=tiny", "run.dir=run", "min_yield=0")
MINE = ("--config-dir", "mine")


@pytest.fixture
def mine(here: Bench) -> Bench:
    """The working folder with the judge in mine/."""
    here.write("mine/agent/privacy.yaml", YAML)
    here.write("mine/prompts/privacy.jinja", PROMPT)
    here.write("mine/privacy_role.py", CODE)
    return here


def turns(run: Path, role: str) -> Iterator[dict]:
    """What a role said in all episodes."""
    return (turn for one in lines(run / "episodes.jsonl") for turn in one["turns"] if turn["role"] == role)


def test_it_votes_and_its_verdicts_stand_in_the_episodes(mine: Bench) -> None:
    assert mine.run(*MINE, *TINY, "judges=[verifier,privacy]").status == 0
    run = mine.folder / "run"
    verdicts = list(turns(run, "privacy"))
    assert len(verdicts) == len(list(turns(run, "verifier"))) >= 20
    assert {turn["output"]["ok"] for turn in verdicts} == {True, False}
    for one in lines(run / "episodes.jsonl"):
        last = [turn for turn in one["turns"] if turn["role"] == "privacy"][-1:]
        if one["status"] == "accepted":
            assert "order" not in one["query"]["text"]
            assert last[0]["output"]["ok"]
    reasons = [why for one in lines(run / "dataset/rejected.jsonl") for why in one["reasons"]]
    own = [why for why in reasons if why["source"] == "privacy"]
    assert own  # objections that were never mended
    assert {(why["code"], why["blames"], why["message"]) for why in own} == {
        ("judge.said_it", "query", "order")
    }


def test_an_objection_is_mended_where_there_is_another_way_to_say_it(mine: Bench) -> None:
    words = (*MINE, *TINY, "judges=[verifier,privacy]", "+agent.privacy.word=could", "max_rounds=4")
    assert mine.run(*words).status == 0
    episodes = lines(mine.folder / "run" / "episodes.jsonl")
    mended = [
        one
        for one in episodes
        if one["status"] == "accepted" and any(why["source"] == "privacy" for why in one["objections"])
    ]
    assert mended
    assert all("could" not in one["query"]["text"] and one["rounds"] >= 1 for one in mended)


def test_as_a_gate_it_is_asked_before_anything_is_solved(mine: Bench) -> None:
    assert mine.run(*MINE, *TINY, "query_gate=[privacy]").status == 0
    refused = 0
    for one in lines(mine.folder / "run" / "episodes.jsonl"):
        order = [turn["role"] for turn in one["turns"]]
        assert order[:2] == ["user", "privacy"] or order[:2] == ["user", "user"]
        if one["status"] == "rejected":
            refused += "assistant" not in order
    assert refused


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("--config-dir", "mine", *TINY, "judges=[privacy]"),
        (*TINY, "judges=[privacy]", "--config-dir", "mine"),
        (*TINY, "judges=[privacy]", "-cd", "mine"),
        (*TINY, "hydra.searchpath=[file://mine]", "judges=[privacy]"),
        ("scenario=tiny", "--config-dir", "mine", *TINY[1:], "judges=[privacy]"),
    ],
    ids=["before", "after", "short", "searchpath", "between"],
)
def test_the_folder_may_be_given_anywhere(words: tuple[str, ...], mine: Bench) -> None:
    assert mine.run(*words).status == 0
    assert any(turns(mine.folder / "run", "privacy"))


@pytest.mark.slow
@pytest.mark.parametrize("place", ["privacy.jinja", "prompts/privacy.jinja", "agent/privacy.jinja"])
def test_the_prompt_may_lie_beside_the_role_or_in_prompts(place: str, mine: Bench) -> None:
    (mine.folder / "mine/prompts/privacy.jinja").rename(mine.folder / "mine" / place)
    assert mine.run(*MINE, *TINY, "judges=[privacy]").status == 0


def test_both_drivers_hear_it_alike(mine: Bench) -> None:
    for driver in ("loop", "round_robin"):
        words = (*MINE, "scenario=tiny", f"run.dir={driver}", "judges=[verifier,privacy]", "min_yield=0")
        assert mine.run(*words, "query_gate=[privacy]", f"conversation={driver}").status == 0
    assert derived_but_card(mine.folder / "loop") == derived_but_card(mine.folder / "round_robin")


def test_a_role_of_code_alone_needs_neither_prompt_nor_player(mine: Bench) -> None:
    mine.write("mine/agent/silent.yaml", "_target_: privacy_role.Silent\nname: silent\nsees: [query]\n")
    assert mine.run(*MINE, *TINY, "judges=[silent]").status == 0
    assert all(turn["output"] == {"ok": True, "reasons": []} for turn in turns(mine.folder / "run", "silent"))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["judges=[privcy]"], "there are roles 'actor', "),
        (["judges=[privacy]", "+agent.privacy.wrd=x"], "'wrd'"),
        (["judges=[privacy]", "+agent.privacy.player=nobody.plays"], "player: got 'nobody.plays'"),
        (["judges=[privacy]", "+agent.privacy.sees=[qery]"], "no view 'qery'; there are "),
        (["judges=[privacy]", "+agent.privacy.sees=[query]"], "does not see 'scenario', only 'query'"),
        (["judges=[privacy]", "+agent.privacy.prompt=prvacy"], "(did you mean 'privacy.jinja'?)"),
    ],
)  # fmt: skip
def test_a_fault_in_it_is_one_line_and_leaves_nothing(words: list[str], line: str, mine: Bench) -> None:
    assert line in mine.refuses(*MINE, *TINY, *words)


@pytest.mark.parametrize("target", ["privacy_role.Privat", "os.system", "5"])
def test_a_class_that_is_none_is_one_line_and_leaves_nothing(target: str, mine: Bench) -> None:
    mine.write("mine/agent/privacy.yaml", YAML.replace("privacy_role.Privacy", f"'{target}'"))
    assert f"agent.privacy._target_: got {target!r}" in mine.refuses(*MINE, *TINY, "judges=[privacy]")


def test_a_key_its_file_leaves_out_may_be_set_on_the_command_line(mine: Bench) -> None:
    words = ("judges=[privacy]", "+agent.privacy.output=ptool.records.Verdict")
    assert mine.run(*MINE, *TINY, *words).status == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("{% block system %}{{ you }}{% endblock %}{% block user %}{% endblock %}", "nobody fills 'you'"),
        ("{% block system %}{% endblock %}", "block 'user' is missing"),
        ('{% block system %}{{ data("query" }}{% endblock %}{% block user %}{% endblock %}', "line 1"),
        ('{% block system %}{{ data("task") }}{% endblock %}{% block user %}{% endblock %}', "'task'"),
        ('{% block system %}{{ data("tsk") }}{% endblock %}{% block user %}{% endblock %}', "no view 'tsk'"),
    ],
)
def test_a_fault_in_its_prompt_is_one_line_and_leaves_nothing(prompt: str, line: str, mine: Bench) -> None:
    mine.write("mine/prompts/privacy.jinja", prompt)
    assert line in mine.refuses(*MINE, *TINY, "judges=[privacy]")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["+agent.privacy.player=null"], "the scripted model cannot play it"),
        (["+agent.privacy.prompt=null"], "agent.privacy.prompt: missing"),
        (["+agent.privacy.output=ptool.records.Query"], "agent.privacy.output"),
        (["query_gate=[assistant]"], "agent.assistant.output"),
        (["~agent.chooser"], "agent.chooser: missing"),
        (["+agent.privacy.sees=[scenario,query,layer]"], "'layer' is not shown"),
    ],
)
def test_what_could_never_work_is_refused_before_anything_is_made(
    words: list[str], line: str, mine: Bench
) -> None:
    mine.write("mine/agent/privacy.yaml", YAML + "output: ptool.records.Verdict\n")
    assert line in mine.refuses(*MINE, *TINY, "judges=[verifier,privacy]", *words)


def test_a_prompt_that_fails_while_it_renders_is_the_prompts_fault(mine: Bench) -> None:
    mine.write(
        "mine/prompts/privacy.jinja",
        "{% block system %}{{ 1 / 0 }}{% endblock %}" + PROMPT[PROMPT.index("{% block user") :],
    )
    done = mine.run(*MINE, *TINY, "judges=[privacy]")
    assert (done.status, len(done.faults)) == (2, 1)
    assert "prompt privacy.jinja" in done.faults[0]
