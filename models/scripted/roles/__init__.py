"""The roles the scripted model plays, each a function from a request to the record its role must return."""

from ..role_request import Player, RoleRequest
from .assistant import assistant
from .closed_questions import match_tools, recognise_call, yes
from .clusterer import clusterer
from .designer import designer
from .profile_writer import profile_writer
from .user import actor, chooser, user
from .verifier import verifier

SPEED_ROLE = "speed"
"""Who is asked how fast an endpoint answers; no role of a run."""


def count(_: RoleRequest) -> list[int]:
    """What `ptool.check` asks for in order to measure the speed of `ptool.serve`."""
    return list(range(1, 10))


PLAYERS: dict[str, Player] = {
    "designer": designer,
    "clusterer": clusterer,
    "profile_writer": profile_writer,
    "chooser": chooser,
    "actor": actor,
    "user": user,
    "assistant": assistant,
    "verifier": verifier,
    "recognise_need": yes,
    "recognise_call": recognise_call,
    "tool_matcher": match_tools,
    "natural": yes,
    "says_more": yes,
    SPEED_ROLE: count,
    "stranger": assistant,
    "solver": assistant,
}
"""Name of a role -> its player."""

__all__ = ["PLAYERS", "SPEED_ROLE"]
