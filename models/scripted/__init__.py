"""The scripted model: every role played from kits, without any language model, and saying so."""

from .client import NOTE, ScriptedModel
from .kit import Library
from .role_request import Part, Player, RoleRequest

__all__ = ["NOTE", "Library", "Part", "Player", "RoleRequest", "ScriptedModel"]
