"""Roles and prompts: ptool's own, somebody else's, and everything that can be wrong with one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ptool.agents import VIEWS, Observation, PromptLoader, Role, Views
from ptool.agents.autogen import ask_agent, make_agents
from ptool.errors import ConfigError, PromptError
from ptool.models import prompt_blocks as blocks
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.records import Verdict

ROLES = {
    "designer": ("Expansion", "scenario expansion"),
    "clusterer": ("Clusters", "clustering"),
    "clusterer_lean": ("Clusters", "clustering"),
    "profile_writer": ("Bundles", "layer"),
    "chooser": ("Preferences", "scenario contexts platforms profile.basic profile.implicit"),
    "actor": ("Actions", "scenario platforms profile.basic profile.implicit visits"),
    "user": ("Query", "scenario platform task task.apis profile.basic profile.implicit feedback"),
    "assistant": ("Solution", "scenario platforms apis profile.basic profile.implicit query feedback"),
    "stranger": ("Solution", "scenario platforms apis query"),
    "verifier": (
        "Verdict",
        "scenario platforms solution.apis profile.basic profile.implicit query solution solution.responses",
    ),
}
TOLD = {
    "clusterer": ["nodes"],  # asked node by node
    "chooser": [],  # asked need by need
    "designer": ["contexts", "platforms", "categories", "apis"],  # drafts are the lean designer's
    "clusterer_lean": ["nodes"],
}
"""Role -> what its prompt has to name, where that is not every field of its record."""
SHARED = {"scenario", "contexts", "platforms", "apis"}


@pytest.mark.parametrize("name", ROLES)
def test_our_prompts_show_each_view_once_and_the_shared_ones_first(name):
    output, sees = ROLES[name]
    role = Role(name, name, f"ptool.records.{output}", sees.split())
    system, user = role.prompt.render({view: {"of": view} for view in role.sees})
    assert system.startswith(f"Role: {name}\nYou ")
    assert set(blocks.read(system)) == SHARED & set(role.sees)
    assert set(blocks.read(user)) == set(role.sees) - SHARED
    fields = TOLD.get(name, role.output.model_fields)
    for field in fields:
        assert f"`{field}`" in system, f"{name} is not told about {field}"


def test_a_solver_reads_the_assistants_prompt_without_feedback():
    output, sees = ROLES["assistant"]
    sees = [view for view in sees.split() if view != "feedback"]
    role = Role("solver", "assistant", f"ptool.records.{output}", sees)
    system, user = role.prompt.render({view: {"of": view} for view in role.sees})
    assert system.startswith("Role: solver\nYou ")
    assert set(blocks.read(system)) | set(blocks.read(user)) == set(sees)
    assert "feedback" not in user


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{% block system %}x{% endblock %}", "block 'user' is missing"),
        (
            "{% block system %}{{ data('querry') }}{% endblock %}{% block user %}{% endblock %}",
            "did you mean 'query'",
        ),
        (
            "{% block system %}{{ data('apis') }}{% endblock %}{% block user %}{% endblock %}",
            "does not see 'apis'",
        ),
        ("{% block system %}{{ tone }}{% endblock %}{% block user %}{% endblock %}", "nobody fills 'tone'"),
        ("{% block system %}{{ data(x) }}{% endblock %}{% block user %}{% endblock %}", "nobody fills 'x'"),
        (
            "{% block system %}{{ data() }}{% endblock %}{% block user %}{% endblock %}",
            "name of a view in quotes",
        ),
        ("{% block system %}{% if %}{% endblock %}", "line 1"),
        (
            "{% block system %}\r\nturn \u202e{% endblock %}",
            r"line 2: got 'turn \\u202e.*' with the character U\+202E",
        ),
    ],
)
def test_a_prompt_is_checked_when_it_is_loaded(tmp_path, source, complaint):
    (tmp_path / "mine.jinja").write_text(source)
    with pytest.raises(PromptError, match=complaint):
        Role("mine", "mine", sees=["query"], prompts=PromptLoader([tmp_path]))


def test_a_missing_prompt_names_what_there_is(tmp_path):
    with pytest.raises(PromptError, match=r"no prompt 'verifer.jinja'.*did you mean 'verifier.jinja'"):
        Role("verifier", "verifer", prompts=PromptLoader([tmp_path]))
    with pytest.raises(PromptError, match="no prompt"):
        Role("verifier", "../role.py")


def test_a_prompt_is_sandboxed_and_hashed(tmp_path):
    file = tmp_path / "mine.jinja"
    file.write_text("{% block system %}{{ ''.__class__.mro() }}{% endblock %}{% block user %}{% endblock %}")
    role = Role("mine", "mine", prompts=PromptLoader([tmp_path]))
    with pytest.raises(PromptError, match="unsafe"):
        role.prompt.render({})
    assert len(role.prompt_hash) == 64


def test_a_folder_of_ones_own_comes_before_ptools(tmp_path):
    (tmp_path / "user.jinja").write_text(
        "{% block system %}Mine.{% endblock %}{% block user %}?{% endblock %}"
    )
    assert Role("user", "user", prompts=PromptLoader([tmp_path])).prompt.render({}) == (
        "Role: user\nMine.",
        "?",
    )


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"name": "privacy judge"}, "expected a Python identifier"),
        ({"sees": ["profile"]}, "no view 'profile'"),
        ({"output": "ptool.records.Verdikt"}, "expected the dotted name"),
        ({"output": "os.system"}, "expected the dotted name"),
        ({"output": ""}, "expected the dotted name"),
    ],
)
def test_a_role_is_checked_when_it_is_built(wrong, complaint):
    with pytest.raises(ConfigError, match=complaint):
        Role(**{"name": "judge", **wrong})


def test_shared_text_is_rendered_once():
    role = Role("assistant", "assistant", "ptool.records.Solution", ROLES["assistant"][1].split())
    views = {view: blocks.dump({"of": view}) for view in role.sees}
    first, _ = role.prompt.render(views)
    again, user = role.prompt.render({**views, "query": "something else"})
    assert first is again
    assert "something else" in user
    other, _ = role.prompt.render({**views, "apis": blocks.dump([])})
    assert other != first


PRIVACY = '''
from ptool.agents import Role
from ptool.records import Finding, Verdict

class PrivacyJudge(Role):
    """Objects to queries that shout."""

    def __init__(self, limit, **role):
        super().__init__(**role)
        self.limit = limit

    def accept(self, record, views):
        if record.ok and views["query"].count("!") > self.limit:
            raise ValueError("the query shouts")
        return record
'''


async def test_a_role_from_outside_the_package(tmp_path, monkeypatch):
    (tmp_path / "privacy_judge.py").write_text(PRIVACY)
    (tmp_path / "privacy.jinja").write_text(
        "{% block system %}Judge privacy.{% endblock %}{% block user %}{{ data('query') }}{% endblock %}"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import privacy_judge  # pyright: ignore[reportMissingImports]

    role = privacy_judge.PrivacyJudge(
        limit=1, name="privacy", prompt="privacy", sees=["query"], prompts=PromptLoader([tmp_path])
    )
    said = iter(['{"ok": true}', '{"ok": false}'])
    gateway = Gateway({"default": Endpoint(FakeModel(lambda *_: next(said)))}, concurrency=1)
    agent = make_agents({"privacy": role}, gateway.ask)["privacy"]
    seen = Observation(role="privacy", turn="t", seed=1, views={"query": blocks.dump("Tea!! Now!!")})
    answer = await ask_agent(agent, seen, token=_token())
    assert (answer.record.ok, answer.usage.calls) == (False, 2)
    sys.modules.pop("privacy_judge")


async def _never_asked(request, **options):
    raise AssertionError("a role that is code alone asks no model")


async def test_a_role_that_is_code_alone_needs_no_prompt():
    class Rule(Role):
        async def respond(self, observation, ask):
            return Verdict(ok=Views(observation.views)["query"] == "tea", reasons=())

    agent = make_agents({"rule": Rule("rule", sees=["query"])}, _never_asked)["rule"]
    answer = await ask_agent(
        agent, Observation(role="rule", turn="t", seed=1, views={"query": "tea"}), _token()
    )
    assert (answer.record.ok, answer.usage.calls) == (True, 0)
    with pytest.raises(ConfigError, match=r"agent\.plain\.prompt: missing"):
        Role("plain").request(Observation(role="plain", turn="t", seed=1, views={}))


def _token():
    from autogen_core import CancellationToken

    return CancellationToken()


def test_every_view_has_a_sentence():
    assert all(len(sentence) > 10 for sentence in VIEWS.values())


def test_only_the_seams_import_autogen():
    folder = Path(sys.modules["ptool.agents"].__file__).parent
    using = [file.name for file in folder.glob("*.py") if "autogen" in "".join(_imports(file))]
    assert sorted(using) == ["autogen.py", "own_agent.py"]


def _imports(file):
    return [line for line in file.read_text().splitlines() if line.startswith(("import ", "from "))]
