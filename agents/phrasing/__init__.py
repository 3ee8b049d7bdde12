"""Roles that phrase what code drew: a user and an actor that any language model can play (`roles=lean`)."""

from .actor import PhrasingActor
from .spoken_words import name_words, value_words
from .thought_up_values import is_sentence, telling_parameters, things_named
from .user import PhrasingUser

__all__ = [
    "PhrasingActor",
    "PhrasingUser",
    "is_sentence",
    "name_words",
    "telling_parameters",
    "things_named",
    "value_words",
]
