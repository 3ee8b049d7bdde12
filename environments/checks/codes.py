"""Codes of reasons that no check and no gate gives: of judges, models, the sandbox and behaviour histories.

Every check carries the sentences of its own codes (`Check.codes`). A judge's objection is `judge.<its word>`.
"""

from __future__ import annotations

DIALOGUE_CODES: dict[str, str] = {
    "agreement": "the solution is not what the task asks for, as the assistant is told it",
    "sandbox.refused": "the platform did not carry out a call",
    "judge.unexplained": "a judge objects without saying to what",
}
MODEL_CODES: dict[str, str] = {
    "model.unusable": "a model never gave a usable answer",
    "model.truncated": "a model's answers were cut off at the token limit",
    "model.refusal": "a model declined to answer",
    "model.content_filter": "a content filter held a model's answers back",
    "model.empty": "a model answered nothing",
    "model.malformed": "a model's answers held no JSON object that can be read",
    "model.two_objects": "a model answered with different objects at once",
    "model.duplicate_keys": "a model gave one key two values",
    "model.too_long": "a model's answers were longer than is read",
    "model.wrong_types": "a model's answers were not of the required form",
    "model.not_accepted": "a model's answers were of the required form, but the role could not use them",
    "model.agent_failed": "the code of an agent of the user's failed",
    "model.agent_limits": "an agent of the user's went beyond its limits",
    "model.refused_request": "an endpoint refused the request",
    "model.unreachable": "a model could not be asked",
    "model.failed": "a model failed otherwise",
}
HISTORY_CODES: dict[str, str] = {
    "history.preferences": "there is not exactly one preference for every kind of need",
    "history.unknown_platform": "a preference names a platform that does not exist",
    "history.count": "there are not as many actions as visits",
    "history.length": "an action is empty or too long",
    "history.unprintable": "an action holds control characters",
    "history.repeated": "an action is there twice",
    "history.contradicts": "an action names what contradicts a fact of the profile",
    "history.reveals": "an action repeats a latent value or announces a taste",
}
