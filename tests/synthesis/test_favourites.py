"""A platform that nearly everybody prefers is said in a warning, and no other."""

from typing import Any

import pytest
from ptool.environments import World
from ptool.log import logger
from ptool.records import Context, History, Platform, Preference, ScenarioWorld
from ptool.synthesis.favourites import warn_of_favourites

PLATFORMS = ("Alpha", "Beta")


def world(*platforms: str) -> World:
    return World(
        ScenarioWorld(
            name="cafe", description="", contexts=(Context(name="gifts", description=""),), conflicts=(),
            platforms=tuple(Platform(name=name, characteristics=()) for name in platforms), apis={},
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("alpha", "beta", "platforms", "warned"),
    [
        (9, 1, PLATFORMS, True),
        (8, 2, PLATFORMS, False),  # 80 % is not more than that
        (10, 0, ("Alpha",), False),  # there is nothing else
        (5, 0, PLATFORMS, False),  # may be chance
        (0, 6, PLATFORMS, True),
    ],
)
def test_only_a_clear_favourite_is_named(
    alpha: int, beta: int, platforms: tuple[str, ...], warned: bool
) -> None:
    histories = [
        History(
            user_id=f"u{number}", scenario="cafe", actions=(),
            preferences=(Preference(context="gifts", platform="Alpha" if number < alpha else "Beta"),),
        )
        for number in range(alpha + beta)
    ]  # fmt: skip
    lines: list[Any] = []
    sink = logger.add(lines.append, level="WARNING")
    try:
        warn_of_favourites([world(*platforms)], histories)
    finally:
        logger.remove(sink)
    assert bool(lines) is warned
    if warned:
        favourite = "Alpha" if alpha > beta else "Beta"
        assert f"cafe: {favourite!r} is preferred in {max(alpha, beta)} of {alpha + beta}" in str(lines[0])
