"""Who sees what, proven with values that stand nowhere else: sentinels planted in every latent feature."""

import re
from pathlib import Path

import orjson
import pytest
import yaml
from acceptance_bench import Bench, lines

SENTINEL = re.compile(r"SENTINEL\d+")
CODE = '''
import orjson
from pathlib import Path
from ptool.models.scripted import ScriptedModel
from ptool.models.scripted.roles import PLAYERS
from ptool.records import Bundles


def writer(part):
    """The profile writer's own values, every latent one marked before its words."""
    latent = {one["name"] for one in part.view("layer")["features"] if one["kind"] == "implicit"}
    bundles = PLAYERS["profile_writer"](part)
    bundles = bundles.bundles if isinstance(bundles, Bundles) else bundles["bundles"]
    def mark(place, name, value):
        return f"SENTINEL{part.seed % 10**8}{place}{len(name)} {value}" if name in latent else value
    return {"bundles": [{n: mark(i, n, v) for n, v in one.items()} for i, one in enumerate(bundles)]}


class Overheard(ScriptedModel):
    """Keeps every prompt in a file beside the run."""

    async def create(self, messages, **rest):
        role, _, _ = messages[0].content.removeprefix("Role: ").partition("\\n")
        line = orjson.dumps([role, [one.content for one in messages]]) + b"\\n"
        with Path("prompts.jsonl").open("ab") as file:
            file.write(line)
        return await super().create(messages, **rest)
'''
PRIVACY = """
_target_: ptool.agents.Role
name: privacy
prompt: privacy
sees: [query, history]
player: watcher.agree
"""
PROMPT = """
{% block system %}Watch.{% endblock %}
{% block user %}
{{ data("query") }}

{{ data("history") }}
{% endblock %}
"""
BLOCK = re.compile(r'^<data name="([\w.]+)">$', re.MULTILINE)


@pytest.fixture
def overheard(here: Bench) -> tuple[Path, dict[str, list[str]]]:
    """A run with sentinels in its latent features, and all prompts by role."""
    here.write("mine/watcher.py", CODE + "\n\ndef agree(part):\n    return {'ok': True}\n")
    here.write("mine/model/overheard.yaml", "_target_: watcher.Overheard\nslips: 0.3\n")
    here.write("mine/agent/privacy.yaml", PRIVACY)
    here.write("mine/prompts/privacy.jinja", PROMPT)
    words = (
        "scenario=tiny",
        "model=overheard",
        "roles=paper",
        "judges=[verifier,privacy]",
        "run.dir=run",
        "min_yield=0",
    )
    player = "agent.profile_writer.player=watcher.writer"
    done = here.run("--config-dir", "mine", *words, player, "max_rounds=1")
    assert done.status == 0, done
    heard: dict[str, list[str]] = {}
    for line in (here.folder / "prompts.jsonl").read_bytes().splitlines():
        role, texts = orjson.loads(line)
        heard.setdefault(role, []).append("\n".join(texts))
    return here.folder / "run", heard


def planted(run: Path) -> dict[str, set[str]]:
    """user -> the sentinels in their latent features, every one of which has some."""
    found = {}
    for line in lines(run / "profiles.jsonl"):
        profile = line["profile"]
        assert all(SENTINEL.match(value) for value in profile["implicit"].values())
        assert not SENTINEL.search(orjson.dumps(profile["basic"]).decode())
        found[profile["id"]] = {SENTINEL.match(value)[0] for value in profile["implicit"].values()}
    return found


def test_latent_values_reach_user_and_assistant_and_no_exported_record(
    overheard: tuple[Path, dict[str, list[str]]],
) -> None:
    run, heard = overheard
    everyone = set().union(*planted(run).values())
    for role in ("chooser", "actor", "user", "assistant", "verifier"):
        assert set(SENTINEL.findall("\n".join(heard[role]))) == everyone
    for role in ("designer", "clusterer", "privacy"):
        assert not SENTINEL.search("\n".join(heard[role]))
    for file in (
        *filter(Path.is_file, (run / "dataset").rglob("*")),
        run / "histories.jsonl",
        run / "tasks.jsonl",
        run / "manifest.json",
    ):
        assert not SENTINEL.search(file.read_text()), file
    assert lines(run / "dataset/samples.jsonl")


def test_a_prompt_shows_one_user_the_latent_values_of_no_other(
    overheard: tuple[Path, dict[str, list[str]]],
) -> None:
    run, heard = overheard
    users = list(planted(run).values())
    for role in ("user", "assistant", "verifier", "actor"):
        for text in heard[role]:
            assert set(SENTINEL.findall(text)) in users


def test_every_role_is_shown_its_views_and_no_other(overheard: tuple[Path, dict[str, list[str]]]) -> None:
    run, heard = overheard
    agents = yaml.safe_load((run / "config.yaml").read_text())["agent"]
    for role, texts in heard.items():
        assert {name for text in texts for name in BLOCK.findall(text)} == set(agents[role]["sees"])


def test_the_assistant_is_told_neither_the_task_nor_what_was_expected(
    overheard: tuple[Path, dict[str, list[str]]],
) -> None:
    _, heard = overheard
    feedback = [
        orjson.loads(body)
        for text in heard["assistant"]
        for body in re.findall(r'^<data name="feedback">\n(.*)\n</data>$', text, re.MULTILINE)
    ]
    objections = [one for given in feedback for one in given]
    assert objections  # slips were made
    assert not [one for one in objections if one["code"].startswith("agreement.")]
