"""A scenario from one YAML outside the package, its library inside it."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from acceptance_bench import Bench, lines
from ptool.models.scripted.kit import KITS_FOLDER

MINE = ("--config-dir", "mine", "scenario=corner", "scale=smoke", "run.dir=run")


def library() -> dict[str, Any]:
    """The small library that ptool brings, renamed."""
    kit = {
        name: yaml.safe_load((KITS_FOLDER / "tiny" / f"{name}.yaml").read_text())
        for name in ("platforms", "tools", "lexicon")
    }
    kit["platforms"]["name"] = "corner"
    return kit


def scenario(kit: Any) -> str:
    """conf/scenario/corner.yaml."""
    whole = {"name": "corner", "description": "Small shops around the corner.", "kit": kit}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)


def test_one_file_is_a_whole_scenario(here: Bench) -> None:
    here.write("mine/scenario/corner.yaml", scenario(library()))
    done = here.run(*MINE)
    assert (done.status, done.faults) == (0, [])
    samples = lines(here.folder / "run/dataset/samples.jsonl")
    assert len(samples) == 4
    assert {one["scenario"] for one in samples} == {"corner"}


def test_its_library_may_be_a_folder(here: Bench) -> None:
    for name, content in library().items():
        here.write(f"kit/{name}.yaml", yaml.safe_dump(content, sort_keys=False))
    here.write("mine/scenario/corner.yaml", scenario("kit"))
    assert here.run(*MINE).status == 0


def test_without_a_library_the_scripted_model_says_what_to_do(here: Bench) -> None:
    here.write("mine/scenario/corner.yaml", scenario(None))
    line = here.refuses(*MINE)
    assert "corner" in line
    assert "scenario.kit" in line


def without(*path: str) -> Callable[[dict], None]:
    def drop(kit: dict) -> None:
        for key in path[:-1]:
            kit = kit[key]
        del kit[path[-1]]

    return drop


def with_(value: Any, *path: str) -> Callable[[dict], None]:
    def put(kit: dict) -> None:
        for key in path[:-1]:
            kit = kit[key]
        kit[path[-1]] = value

    return put


def api_twice(kit: dict) -> None:
    """Two capabilities under one function name."""
    categories = [two for one in kit["tools"]["groups"].values() for two in one["categories"].values()]
    first, second, *_ = (one for category in categories for one in category["capabilities"].values())
    second["apis"] = first["apis"]


def object_for_a_text(kit: dict) -> None:
    """A text parameter that a billing address fills."""
    for group in kit["tools"]["groups"].values():
        for category in group["categories"].values():
            for capability in category["capabilities"].values():
                for parameter in capability["parameters"].values():
                    if parameter.get("feature") and parameter.get("type", "string") == "string":
                        parameter["feature"] = "billing_address"


@pytest.mark.parametrize("way", ["inside", "a folder", "scenario.kit"])
def test_a_kit_with_a_mistake_is_refused_whichever_way_it_comes(way: str, here: Bench) -> None:
    kit = library()
    object_for_a_text(kit)
    for name, content in kit.items():
        here.write(f"kit/{name}.yaml", yaml.safe_dump(content, sort_keys=False))
    here.write("mine/scenario/corner.yaml", scenario({"inside": kit, "a folder": "kit"}.get(way, library())))
    words = ("scenario.kit=kit",) if way == "scenario.kit" else ()
    assert "'billing_address' is of type object, and the parameter of type string" in here.refuses(
        *MINE, *words
    )


def no_platform_wins(kit: dict) -> None:
    for platform in kit["platforms"]["platforms"].values():
        platform["strengths"] = dict.fromkeys(platform["strengths"], 0.5)


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (without("lexicon"), "lexicon"),
        (without("lexicon", "slots"), "slots"),
        (with_(1, "platforms", "contexts"), "contexts"),
        (with_({}, "platforms", "platforms"), "platforms"),
        (with_({}, "tools", "groups"), "apis"),
        (with_({}, "lexicon", "purposes"), "purposes"),
        (with_([], "lexicon", "actions"), "actions"),
        (api_twice, "apis named twice"),
        (no_platform_wins, "strong"),
    ],
)
def test_a_broken_library_is_one_line_and_leaves_nothing(
    spoil: Callable[[dict], None], line: str, here: Bench
) -> None:
    kit = library()
    spoil(kit)
    here.write("mine/scenario/corner.yaml", scenario(kit))
    assert line in here.refuses(*MINE)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: corner\n", "description"),
        ("name: corner\ndescription: x\nkits: y\n", "(did you mean 'kit'?)"),
        ("name: Corner Shop\ndescription: x\n", "scenario.name: got 'Corner Shop'"),
        ("name: [corner\n", "YAML"),
        ("name: corner\ndescription: x\nkit: [1]\n", "scenario.kit"),
    ],
)
def test_a_broken_file_is_one_line_and_leaves_nothing(text: str, line: str, here: Bench) -> None:
    here.write("mine/scenario/corner.yaml", text)
    assert line in here.refuses(*MINE)
