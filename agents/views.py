"""The names of everything a role may be shown, with one sentence each; who fills them is not known here."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ConfigError, names

VIEWS: dict[str, str] = {
    "scenario": "name and description of the scenario",
    "contexts": "the kinds of need in the scenario",
    "platforms": "the platforms: name, characteristics and names of their APIs",
    "apis": "the function schemas of all platforms of the scenario",
    "functions": "two functions of rival platforms, of which somebody asks whether they do the same",
    "platform": "the platform a task is drawn for",
    "task": "what code drew: plan, context, and for every call what the query states and what it leaves out",
    "errand": "what a request has to say, for whoever sees nothing of the profile",
    "errand.mentions": "for every call of an errand, the features that the request alludes to",
    "errand.options": "for every call of an errand, the options of its parameters",
    "need": "the kind of need that a closed question is about",
    "need.name": "its name, as words",
    "need.description": "what it covers",
    "thing": "words of a query that a closed question is about",
    "options": "the answers of a closed question, each with its letter",
    "task.apis": "the function schemas a task draws on",
    "profile.basic": "the user's observable features",
    "profile.implicit": "the user's latent features, never exported",
    "history": "what the user did, scenario by scenario",
    "visits": "the visits an actor puts into words",
    "visits.plan": "for every visit what code drew for it: a function of the platform, and details",
    "visit": "one visit of that plan",
    "query": "the text of the query",
    "query.intents": "the calls the user has in mind, as far as the query states them",
    "query.need": "words of the query that tell the kind of need",
    "query.unexplained": "words of the query that neither its intents nor the called functions account for",
    "solution": "the platform and the calls an assistant chose",
    "solution.apis": "the function schemas of the APIs a solution calls",
    "solution.responses": "what the sandbox answered, call by call",
    "feedback": "objections to the role's last attempt; empty at first",
    "expansion": "the node of the API tree to refine",
    "clustering": "the nodes of the feature tree to merge",
    "layer": "the layer of features to give values to",
}


def check_views(role: str, sees: Iterable[str]) -> tuple[str, ...]:
    """Return the views a role lists.

    Raises:
        ConfigError: one of them does not exist.
    """
    sees = tuple(sees)
    for view in sees:
        if view not in VIEWS:
            raise ConfigError(f"agent.{role}.sees: no view {view!r}; there are {names(VIEWS, view)}")
    return sees
