"""What roles answer, role family by role family: records narrowed to what a call asks (`narrowing`)."""

from .clusterer import Clusterer, FactClusterer, placement_form
from .designer import Designer, DraftDesigner, draft_parts
from .narrowing import FormRole, WantedList, narrow_form, refuse_copies
from .person import Actor, Chooser, ProfileWriter, choice_form

__all__ = [
    "Actor",
    "Chooser",
    "Clusterer",
    "Designer",
    "DraftDesigner",
    "FactClusterer",
    "FormRole",
    "ProfileWriter",
    "WantedList",
    "choice_form",
    "draft_parts",
    "narrow_form",
    "placement_form",
    "refuse_copies",
]
