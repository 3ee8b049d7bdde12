"""The judges of closed questions (§4.3): they read the query by the kit's templates, and choose a letter."""

from __future__ import annotations

from collections.abc import Callable

from ....records import Choice
from ..role_request import RoleRequest


def recognise_call(request: RoleRequest) -> Choice:
    """The function, or the option of an argument, that the query asks for."""
    parsed = request.language.parse(request.view("query"))
    described = {request.kit.capabilities[call.capability].description: call for call in parsed.calls}
    said = {str(value).replace("_", " ") for call in parsed.calls for value in call.values.values()} | {
        "yes" if value else "no"
        for call in parsed.calls
        for value in call.values.values()
        if value in (True, False)
    }
    return _choose(
        request,
        lambda option: option in described or option.rpartition(": ")[2] in said,
    )


def match_tools(request: RoleRequest) -> Choice:
    """Whether the kit has both functions under one capability."""
    one, other = ((entry["platform"], entry["name"]) for entry in request.view("functions"))
    known = (
        set(zip(request.kit.platforms, each.apis, strict=True)) for each in request.kit.capabilities.values()
    )
    return Choice(letter="yes" if any({one, other} <= functions for functions in known) else "no")


def yes(request: RoleRequest) -> Choice:
    """Kits say what people say, things for the need that it is about, and nothing that no call takes."""
    del request
    return Choice(letter="yes")


def _choose(request: RoleRequest, right: Callable[[str], bool]) -> Choice:
    """The letter of the first option that is right; the first of all where none is."""
    options = request.view("options")
    return Choice(
        letter=next((entry["letter"] for entry in options if right(entry["option"])), options[0]["letter"])
    )
