"""Likeness of rivals' functions: each other's only candidate, and what merely looks alike."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from ptool.models.scripted.kit import load_kit, shipped_kits
from ptool.trees.documents.capabilities import with_capabilities
from ptool.trees.documents.likeness import LIKE, Likeness
from ptool.trees.documents.toolset import Toolset, read_toolset


def functions(**texts: str) -> list[dict[str, Any]]:
    """Functions without parameters: name -> description."""
    return [{"name": name, "description": text} for name, text in texts.items()]


def toolset(folder: Path, **documents: list[dict[str, Any]]) -> Toolset:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return read_toolset([str(folder / f"{name}.json") for name in documents])


def joined(given: Toolset) -> set[tuple[str, str]]:
    """Pairs of functions that share a capability, by their names."""
    found: dict[str, list[str]] = {}
    for own in with_capabilities(given).platforms.values():
        for function in own:
            found.setdefault(function.api.capability, []).append(function.api.name)
    return {pair for names in found.values() for pair in combinations(sorted(names), 2)}


@pytest.mark.parametrize("kit", ["shopping", "travel", "knowledge"])
def test_rivals_that_call_things_by_their_own_words_are_found(kit: str, tmp_path: Path) -> None:
    """Kits have 24 functions on three platforms, 72 pairs; by likeness alone two or three were found."""
    known = load_kit(shipped_kits()[kit])
    documents = {
        platform: [
            {
                "name": each.apis[at],
                "description": each.description,
                "parameters": {
                    "type": "object",
                    "properties": {spec.names[at]: {"type": "string"} for spec in each.parameters.values()},
                },
            }
            for each in known.capabilities.values()
        ]
        for at, platform in enumerate(known.platforms)
    }
    right = {pair for each in known.capabilities.values() for pair in combinations(sorted(each.apis), 2)}
    found = joined(toolset(tmp_path, **documents))
    assert len(found & right) >= 25
    assert len(found - right) <= 1


def test_of_two_that_are_nearly_as_like_neither_is_taken(tmp_path: Path) -> None:
    hotel = functions(hotel_night="A hotel to sleep in.")
    clear = functions(hotel_bed="A hotel with a pool.", weather="Rain or sun.", money="Convert an amount.")
    rivals = functions(
        hotel_bed="A hotel with a pool.", hotel_room="A hotel by the sea.", money="Convert it."
    )
    for others, pairs in ((clear, [(0, 1)]), (rivals, [])):
        given = toolset(tmp_path, a=hotel, b=others)
        alike = Likeness([function for own in given.platforms.values() for function in own])
        assert alike.by_words(0, 1) < LIKE
        assert sorted(alike.counterparts) == pairs


def test_to_take_nothing_makes_no_two_functions_alike(tmp_path: Path) -> None:
    given = toolset(tmp_path, a=functions(bookings="All trips."), b=functions(points="The balance."))
    alike = Likeness([function for own in given.platforms.values() for function in own])
    assert (alike.of(0, 1), alike.counterparts) == (0.0, frozenset())
