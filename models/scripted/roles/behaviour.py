"""The user weighing platforms, and the user acting on them (§4.2)."""

from __future__ import annotations

from ....records import Actions, Preference, Preferences
from ..role_request import Part
from ..solving import decide


def chooser(part: Part) -> Preferences:
    """Name the preferred platform for every kind of need (Definition 3.1)."""
    implicit, platforms = part.view("profile.implicit"), part.platforms()
    return Preferences(
        preferences=tuple(
            Preference(context=need["name"], platform=decide(part.kit, implicit, need["name"], platforms))
            for need in part.view("contexts")
        )
    )


def actor(part: Part) -> Actions:
    """Do something on every planned visit, never twice the same."""
    done: list[str] = []
    for visit in part.view("visits"):
        deed = part.speech.act(visit["context"]["name"], part.rng)
        for _ in range(20):
            if deed not in done:
                break
            deed = part.speech.act(visit["context"]["name"], part.rng)
        done.append(deed)
    return Actions(actions=tuple(done))
