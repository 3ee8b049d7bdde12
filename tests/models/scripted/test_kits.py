"""Every shipped kit says what it means, and is as rich as a full-scale dataset needs."""

import copy
from pathlib import Path

import pytest
import yaml
from ptool.errors import ConfigError
from ptool.models.scripted.kit import FILES, load_kit, shipped_kits
from ptool.models.scripted.kit_lint import lint_kit

KITS = [Path(folder) for folder in shipped_kits().values()]
FULL = [kit for kit in KITS if kit.name != "tiny"]
TINY = next(kit for kit in KITS if kit.name == "tiny")


def content(folder: Path) -> dict:
    return {name: yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")) for name in FILES}


@pytest.mark.parametrize("folder", KITS, ids=lambda folder: folder.name)
def test_what_a_kit_writes_it_reads_back_as_meant(folder):
    assert list(lint_kit(load_kit(str(folder)), rounds=12, seed=7)) == []


@pytest.mark.parametrize("folder", FULL, ids=lambda folder: folder.name)
def test_a_full_kit_has_what_paper_scale_needs(folder):
    kit = load_kit(str(folder))
    types = [p.type for c in kit.capabilities.values() for p in c.parameters.values() if not p.feature]

    assert len(kit.platforms) == 3
    assert len(kit.capabilities) >= 24
    assert {"number", "integer", "boolean", "array", "object"} <= {
        p.type for c in kit.capabilities.values() for p in c.parameters.values()
    }
    assert types.count("boolean") >= 4
    assert all(len(c.phrasings) >= 6 for c in kit.capabilities.values())
    assert (
        sum(len(words) for s in kit.lexicon.slots.values() for words in (s.by_context or {}).values()) >= 160
    )


def test_platform_names_are_unique_over_all_kits():
    names = [name for folder in KITS for name in load_kit(str(folder)).platforms]

    assert sorted(names) == sorted(set(names))


SEARCH = "tools/groups/buying/categories/catalogue/capabilities/search_items"


@pytest.mark.parametrize(
    ("path", "change", "complaint"),
    [
        ("platforms", {"nmae": "x"}, "nmae"),
        ("platforms/platforms/CornerCart/strengths", {"personal care": 0.95}, "strongest"),
        ("platforms/platforms/CornerCart/strengths", {"personal care": 0.9}, "strong"),
        (SEARCH, {"apis": ["one"]}, "1 apis for 2 platforms"),
        (f"{SEARCH}/parameters/item", {"slot": "itme"}, "no slot 'itme'"),
        (f"{SEARCH}/parameters/item", {"feature": "email"}, "exactly one of feature, slot"),
        ("lexicon/slots/price", {"code": "##"}, "exactly one kind"),
        ("", {"lexicno": {}}, "needs the keys"),
    ],
)
def test_a_broken_kit_is_refused_with_the_place(path, change, complaint):
    kit = copy.deepcopy(content(TINY))
    place = kit
    for step in filter(None, path.split("/")):
        place = place[step]
    place.update(change)

    with pytest.raises(ConfigError, match=complaint) as caught:
        load_kit(kit)
    assert "\n" not in str(caught.value)


def test_linting_notices_two_capabilities_that_say_the_same():
    kit = copy.deepcopy(content(TINY))
    orders = kit["tools"]["groups"]["buying"]["categories"]["orders"]["capabilities"]
    orders["place_order"]["phrasings"] = ["find {item}"]

    assert any("place_order" in line or "search_items" in line for line in lint_kit(load_kit(kit), rounds=40))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"platforms\.yaml does not exist"):
        load_kit(str(tmp_path / "nowhere"))
