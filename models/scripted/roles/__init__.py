"""Who plays which role; one file a part."""

from ..role_request import Player
from .assistant import assistant
from .behaviour import actor, chooser
from .clusterer import clusterer
from .designer import designer
from .profile_writer import profile_writer
from .user import user
from .verifier import verifier

PLAYERS: dict[str, Player] = {
    "designer": designer,
    "clusterer": clusterer,
    "profile_writer": profile_writer,
    "chooser": chooser,
    "actor": actor,
    "user": user,
    "assistant": assistant,
    "verifier": verifier,
    "stranger": assistant,
    "solver": assistant,
}
"""Role -> its player."""

__all__ = ["PLAYERS"]
