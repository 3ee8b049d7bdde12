"""What an answer has to be that expands a node of the API tree: as many as asked, distinct, valid (§4.1)."""

from __future__ import annotations

from ..errors import TreeError
from ..records import Expansion
from .offers import ScenarioOffers
from .repair import MOST_CONTEXTS
from .schemas import check_distinct, check_function, check_name, check_text
from .tree_shape import TreeShape


def check_scenario(answer: Expansion, scenario: str, shape: TreeShape) -> Expansion:
    """Refuse an answer without exactly the platforms asked for, distinct, and at least two contexts.

    Raises:
        TreeError: what was got and what was asked.
    """
    if len(answer.platforms) != shape.platforms:
        raise TreeError(f"{scenario}: got {len(answer.platforms)} platforms, asked for {shape.platforms}")
    if len(answer.contexts) > MOST_CONTEXTS:
        raise TreeError(f"{scenario}: got {len(answer.contexts)} contexts, asked for at most {MOST_CONTEXTS}")
    if len(answer.contexts) < 2:
        raise TreeError(
            f"{scenario}: got {len(answer.contexts)} contexts, asked for at least 2: which platform a user "
            "prefers depends on the kind of need"
        )
    check_distinct([context.name for context in answer.contexts], f"{scenario}: contexts")
    check_distinct([platform.name for platform in answer.platforms], f"{scenario}: platforms")
    check_distinct(
        [repr(sorted(platform.profile().items())) for platform in answer.platforms], f"{scenario}: profiles"
    )
    for context in answer.contexts:
        check_name(context.name, f"{scenario}: context")
        check_text(context.description, f"{scenario}: context {context.name}")
    for platform in answer.platforms:
        where = f"{scenario}/{platform.name}"
        check_name(platform.name, f"{scenario}: platform")
        if not platform.characteristics:
            raise TreeError(f"{where}: got no characteristics, asked for what tells it apart from its rivals")
        check_distinct(
            [dimension.name for dimension in platform.characteristics], f"{where}: characteristics"
        )
        for dimension in platform.characteristics:
            check_text(dimension.name, f"{where}: characteristic", limit=64)
            check_text(dimension.text, f"{where}: characteristic {dimension.name}")
    return answer


def check_categories(answer: Expansion, node: str, quota: int, shape: TreeShape) -> Expansion:
    """Refuse categories that are too many, or whose quotas do not add up or do not fit below them.

    Raises:
        TreeError: what was got and what was asked.
    """
    categories = answer.categories
    if not 1 <= len(categories) <= shape.branching:
        raise TreeError(f"{node}: got {len(categories)} categories, asked for 1 to {shape.branching}")
    check_distinct([category.name for category in categories], f"{node}: categories")
    for category in categories:
        check_name(category.name, f"{node}: category")
        check_text(category.description, f"{node}/{category.name}: description")
    quotas = [category.apis for category in categories]
    if sum(quotas) != quota:
        added = " + ".join(map(str, quotas))
        raise TreeError(f"{node}: got categories with {added} = {sum(quotas)} APIs, asked for {quota} in all")
    most = shape.branching ** shape.depth_left(node)
    if max(quotas) > most:
        raise TreeError(f"{node}: got a category with {max(quotas)} APIs, asked for at most {most} in each")
    return answer


def check_apis(answer: Expansion, node: str, quota: int, own: ScenarioOffers) -> Expansion:
    """Refuse APIs other in number than asked, invalid ones, and what the platform has already.

    Raises:
        TreeError: what was got and what was asked.
    """
    apis = answer.apis
    if len(apis) != quota:
        raise TreeError(f"{node}: got {len(apis)} APIs, asked for exactly {quota}")
    for api in apis:
        check_function(api, f"{node}/{api.name[:64]}")
    check_distinct((api.name for api in apis), f"{node}: API names on this platform", own.names)
    check_distinct(
        (api.capability for api in apis), f"{node}: capabilities of this platform", own.capabilities
    )
    return answer
