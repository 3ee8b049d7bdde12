"""The assistant solves a query (§4.3), now and then with a mistake that a check must notice.

`solve` parses the query, chooses the platform and fills the arguments from what the prompt shows: by implicit
features where they are shown, by behaviour where they are not. So the same code is the solver of synthesis,
the verifier's own opinion, and the heuristic baseline of an evaluation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from ....records import Call, Solution
from ....texts.allusions import read_allusions
from ..kit import Kit
from ..language import ParsedCall
from ..preferences import preferred_platform
from ..role_request import RoleRequest


def assistant(request: RoleRequest) -> Solution:
    """Solve the query in the prompt, with a mistake at the rate of `request.slips`."""
    solution = solve(request)
    if not solution.calls or request.rng.random() >= request.slips:
        return solution
    return request.rng.choice((_other_platform, _missing_argument, _invented_argument))(request, solution)


def solve(request: RoleRequest) -> Solution:
    """The solution to the query in the prompt; without calls where the query is not understood."""
    text = request.view("query")
    query = request.language.parse(text)
    platform = _platform(request, query.context, [call.capability for call in query.calls])
    basic = request.view("profile.basic") if request.has("profile.basic") else {}
    alluded = [(number, name.replace(" ", "_")) for number, names in read_allusions(text) for name in names]
    calls = (
        _call(request.kit, platform, call, basic, {name for of, name in alluded if of == number})
        for number, call in enumerate(query.calls)
    )
    return Solution(platform=platform, calls=tuple(calls))


def _platform(request: RoleRequest, context: str, wanted: Collection[str]) -> str:
    """The platform this user would take for a kind of need, one that offers all that is wanted."""
    offered = request.platforms()
    offers = [request.kit.capabilities[capability].apis for capability in wanted]
    able = [name for name in offered if all(apis[request.platform_index(name)] for apis in offers)]
    platforms = able or offered
    if request.has("profile.implicit"):
        return preferred_platform(request.kit, request.view("profile.implicit"), context, platforms)
    if request.has("history"):
        return _most_used_platform(request, context, platforms)
    return request.rng.choice(platforms)


def _most_used_platform(request: RoleRequest, context: str, platforms: list[str]) -> str:
    """The platform used most for such needs, by the visible behaviour."""
    history = request.view("history").get(request.scenario, [])
    actions = [action for action in history if action["platform"] in platforms]
    alike = [action for action in actions if request.language.context_of(action["action"]) == context]
    visits = Counter(action["platform"] for action in alike or actions)
    return max(platforms, key=lambda name: visits[name])


def _call(
    kit: Kit, platform: str, parsed: ParsedCall, basic: Mapping[str, Any], alluded: Collection[str]
) -> Call:
    """One call on a platform, its arguments from the query, the profile and the defaults.

    Args: alluded: features that the query leaves to the profile in so many words.
    """
    capability = kit.capabilities[parsed.capability]
    index = kit.platform_index(platform)
    arguments: dict[str, Any] = {}
    for key, name in capability.names_on(index).items():
        parameter, required = capability.parameters[key], capability.parameters[key].required_on(index)
        asked = required or key in parsed.mentioned or parameter.feature in alluded
        personal = parameter.feature in basic and asked
        if key in parsed.values:
            arguments[name] = parsed.values[key]
        elif parameter.feature and personal:
            arguments[name] = basic[parameter.feature]
        elif required and parameter.default is not None:
            arguments[name] = parameter.default
    return Call(api=capability.apis[index] or "", arguments=arguments)


def _other_platform(request: RoleRequest, solution: Solution) -> Solution:
    others = [name for name in request.platforms() if name != solution.platform]
    return solution.model_copy(update={"platform": request.rng.choice(others)}) if others else solution


def _missing_argument(request: RoleRequest, solution: Solution) -> Solution:
    arguments = solution.calls[0].arguments
    if not arguments:
        return solution
    missing = request.rng.choice(list(arguments))
    rest = {name: value for name, value in arguments.items() if name != missing}
    return _with_arguments_of_first_call(solution, rest)


def _invented_argument(_: RoleRequest, solution: Solution) -> Solution:
    return _with_arguments_of_first_call(solution, {**solution.calls[0].arguments, "note": "as discussed"})


def _with_arguments_of_first_call(solution: Solution, arguments: Mapping[str, Any]) -> Solution:
    first = Call(api=solution.calls[0].api, arguments=dict(arguments))
    return solution.model_copy(update={"calls": (first, *solution.calls[1:])})
