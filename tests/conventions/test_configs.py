"""Every config group and choice composes into settings, and nothing in it is dead."""

import ast
import re
from pathlib import Path

import ptool
import pytest
import yaml
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.settings import ObjectSettings, RoleSettings, Settings, keys, validated

ROOT = Path(ptool.__file__).parent
CONF = ROOT / "conf"
OF_EVALUATE = ("fig3a", "fig3b", "table2", "table3", "unseen")  # experiments; tests/evaluation composes them
CHOICES = [
    f"{path.parent.name}={path.stem}"
    for path in sorted(CONF.glob("*/*.yaml"))
    if path.parent.name not in ("agent", "train", "sequence")
    and (path.parent.name != "experiment" or path.stem not in OF_EVALUATE)
]
ROLES = sorted(path.stem for path in (CONF / "agent").glob("*.yaml"))
READERS = (
    "settings/*.py",
    "cli/compose.py",
    "cli/main.py",
    "run.py",
    "synthesis/**/*.py",
)
READERS += ("executors/*.py", "benchmark/*.py", "reports/*.py", "models/gateway/*.py", "trees/clustering.py")


def composed(*overrides: str) -> Settings:
    """Settings of the shipped configuration with overrides."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


GIVEN = {"scenario=custom": ("scenario.name=gardening", "scenario.description=Looking after a garden.")}
"""What a choice leaves to the user."""


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes(choice: str) -> None:
    assert composed(choice, *GIVEN.get(choice, ())).scenarios()


COUNTED = ("+agent@agent.stranger=stranger", "+agent@agent.solver=solver")
"""Roles that are there where `strangers` and `consistency` ask for them."""


def test_every_role_file_is_composed() -> None:
    on_demand = {"stranger", "solver"}  # composed where `strangers` and `consistency` ask for them
    on_demand |= {"recognise_need", "recognise_call"}  # where `assistant` is confirm
    on_demand |= {"tool_matcher"}  # where a language model sees functions of `tools.file`
    on_demand |= {
        "designer_lean",
        "clusterer_lean",
        "chooser_lean",
        "actor_lean",
        "user_lean",
        "natural",
        "says_more",
    }  # where `roles` is lean
    assert sorted(on_demand.union(composed().agent)) == ROLES


def test_a_composite_holds_its_members_in_order() -> None:
    names = [one.name for one in composed("scenario=training").scenarios()]
    assert names == ["shopping", "takeout", "entertainment", "work", "travel"]
    assert [one.name for one in composed("scenario=unseen").scenarios()] == [
        "finance",
        "lifestyle",
        "knowledge",
    ]


def test_scales_and_tiny_have_their_sizes() -> None:
    sizes = {
        choice: (one.platforms, one.apis, one.users, one.queries_per_user)
        for choice in ("scale=demo", "scale=paper", "scenario=tiny")
        for one in [composed(choice)]
    }
    assert sizes == {
        "scale=demo": (3, 24, 16, 20),
        "scale=paper": (3, 24, 80, 108),
        "scenario=tiny": (2, 6, 4, 5),
    }


@pytest.mark.parametrize("name", ["shopping", "tiny"])
def test_an_override_beats_the_scenario_and_the_scale(name: str) -> None:
    assert composed(f"scenario={name}", "users=7", "scale=paper").users == 7


def read_attributes(root: Path = ROOT) -> set[str]:
    """Every attribute read in the modules that may see settings."""
    files = [path for pattern in READERS for path in root.glob(pattern)]
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text())))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


def test_every_key_is_read() -> None:
    read = read_attributes()
    assert [key for key in keys() if key.rpartition(".")[2] not in read] == []


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CONF)))
def test_every_key_is_explained(path: Path) -> None:
    """A file opens with a comment or explains each of its keys."""
    text = path.read_text()
    plain = [line for line in text.splitlines() if re.match(r"\w+:", line) and "#" not in line]
    assert text.startswith("#") or len(plain) <= 2
    assert isinstance(yaml.safe_load(text), dict)


def test_every_settings_key_stands_in_the_configuration() -> None:
    """What settings accept is written down, so that the configuration reads like the experiment."""
    settings = composed().model_dump()
    missing = []
    for key in keys():
        here = settings
        for part in key.split("."):
            missing += [] if part in here else [key]
            here = here.get(part, {})
    assert missing == []
    assert {type(one) for one in composed().agent.values()} == {RoleSettings}
    assert isinstance(composed().model, ObjectSettings)
