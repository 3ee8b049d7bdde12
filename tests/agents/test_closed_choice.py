"""The lean chooser: chances over all orders decide, and what is nearly as good is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from ptool.agents import ClosedChooser, Observation
from ptool.errors import ConfigError
from ptool.models import prompt_blocks as blocks
from ptool.models.request import Reply, Request
from ptool.records import Usage

PLATFORMS = [
    {"name": "Alpha", "profile": {"price": "the lowest"}, "apis": ["a"]},
    {"name": "Beta", "profile": {"price": "the highest"}, "apis": ["b"]},
    {"name": "Gamma", "profile": {}, "apis": ["c"]},
]
NEEDS = [{"name": "gifts", "description": ""}, {"name": "everyday", "description": ""}]
Weigh = Callable[[int, str, str], float]
"""(place, option, need) -> weight."""


class Asked:
    """A model that weighs the options it is shown."""

    def __init__(self, weigh: Weigh, *, probabilities: bool = True) -> None:
        self.weigh, self.probabilities, self.shown = weigh, probabilities, []

    async def __call__(self, request: Request, *, accept: Any = None) -> Reply:
        read = blocks.read(request.user)
        options, need = (blocks.plain(blocks.Json(read[name])) for name in ("options", "need"))
        self.shown.append([entry["option"] for entry in options])
        weights = {
            entry["letter"]: self.weigh(place, entry["option"], need["name"])
            for place, entry in enumerate(options)
        }
        best = max(weights, key=lambda letter: weights[letter])
        given = weights if self.probabilities else {}
        return Reply(request.output(letter=best, weights=given), Usage(calls=1))


def chooser(**more: Any) -> ClosedChooser:
    sees = ["scenario", "contexts", "platforms", "profile.basic", "profile.implicit"]
    return ClosedChooser(
        name="chooser", prompt="chooser_lean.jinja", output="ptool.records.Preferences", sees=sees,
        **{"orders": 6} | more,
    )  # fmt: skip


async def chosen(ask: Asked, seed: int = 1, **more: Any) -> dict[str, str]:
    views = {
        "scenario": {},
        "contexts": NEEDS,
        "platforms": PLATFORMS,
        "profile.basic": {},
        "profile.implicit": {},
    }
    shown = {name: blocks.dump(view) for name, view in views.items()}
    reply = await chooser(**more).respond(Observation(role="chooser", turn="t", seed=seed, views=shown), ask)
    assert isinstance(reply, Reply)
    assert reply.usage.calls == len(ask.shown)
    return {one.context: one.platform for one in reply.record.preferences}


async def test_a_platform_is_described_and_stands_at_every_place_once() -> None:
    ask = Asked(lambda place, option, need: 0.6 if "Beta" in option else 0.2)
    assert await chosen(ask) == {"gifts": "Beta", "everyday": "Beta"}
    assert sorted(ask.shown[0]) == ["Alpha (price: the lowest)", "Beta (price: the highest)", "Gamma"]
    assert len(ask.shown) == 6  # three orders for each of two needs
    assert all(len({order[place] for order in ask.shown[:3]}) == 3 for place in range(3))


@pytest.mark.parametrize("seed", range(8))
async def test_knowing_beats_a_taste_for_the_first_place(seed: int) -> None:
    def weigh(place: int, option: str, need: str) -> float:
        liked = "Alpha" if need == "gifts" else "Gamma"
        return (0.5, 0.2, 0.0)[place] + 0.3 * (liked in option)

    assert await chosen(Asked(weigh), seed) == {"gifts": "Alpha", "everyday": "Gamma"}


@pytest.mark.parametrize("probabilities", [True, False])
async def test_who_only_likes_the_first_place_prefers_all_platforms_alike(probabilities: bool) -> None:
    counts: Counter[str] = Counter()
    for seed in range(100):
        ask = Asked(lambda place, option, need: (0.9, 0.08, 0.02)[place], probabilities=probabilities)
        counts.update((await chosen(ask, seed)).values())
        assert len(ask.shown) == (6 if probabilities else 2)
    assert len(counts) == 3
    assert max(counts.values()) < 0.5 * counts.total()


async def test_of_nearly_equal_chances_one_is_drawn_by_the_seed_and_never_a_poor_one() -> None:
    def weigh(place: int, option: str, need: str) -> float:
        return {"Alpha": 0.45, "Beta": 0.4}.get(option.split()[0], 0.15)

    runs = [await chosen(Asked(weigh), seed) for seed in range(40)]
    assert {run["gifts"] for run in runs} == {"Alpha", "Beta"}
    assert any(run["gifts"] != run["everyday"] for run in runs)
    assert runs == [await chosen(Asked(weigh), seed) for seed in range(40)]
    assert {(await chosen(Asked(weigh), seed, margin=0.0))["gifts"] for seed in range(9)} == {"Alpha"}


@pytest.mark.parametrize("margin", [-0.1, 1.5, "x", True])
def test_a_margin_is_a_share(margin: Any) -> None:
    with pytest.raises(ConfigError, match=r"agent\.chooser\.margin: got .*, expected a number from 0 to 1"):
        chooser(margin=margin)
