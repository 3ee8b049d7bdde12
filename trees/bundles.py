"""Bundles of values for one layer of features: refused, fitted to their schemas, or mended (§4.2)."""

from __future__ import annotations

import random
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import JsonValue

from ..errors import TreeError, names
from ..records import Bundles, Feature
from .defaults import default_value
from .naming import near_name
from .personal_facts import BY_NAME
from .retry import Mended
from .values import fits, nearest_value

Bundle = dict[str, JsonValue]
"""Feature -> value."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_FACT = re.compile(
    r"\b(?:lives|is|was|has|who|where|which|his|her|their)\b|^(?i:any|some|unknown|not|none|n/a)\b"
    r"|\b(?:of|in|on|near|by|with) an? "
)
"""A sentence about somebody, 'Ann lives on Mill Street', or what names nothing: 'Any city', 'by a river'."""
_PLACEHOLDER = re.compile(
    r"(?:\A|, )(?:(?:your|my|the|[\w-]+['’]s?) )?(?:home |full )?"
    r"(?:anytown|city|town|state|country|street|address|name)(?=,|\Z)"
    r"|\AJ(?:ohn|ane) Doe\Z",
    re.IGNORECASE,
)
"""What forms show where a value belongs: '123 Elm Street, City', 'John Doe'."""
MAX_VALUE = 2000
"""Bytes of JSON one value may have."""
_MOST_DRAWS = 200
"""Values that are drawn anew at most to tell one person from the others."""


def check_bundles(
    answer: Bundles, wanted: Sequence[str], count: int, taken: Container[bytes] = ()
) -> tuple[Bundle, ...]:
    """Refuse bundles other in number than asked, with other features, unusable values, or two alike.

    Raises:
        TreeError: what is wrong, in words the writer can mend it by.
    """
    if len(answer.bundles) != count:
        raise TreeError(f"got {len(answer.bundles)} bundles, asked for exactly {count}")
    seen: set[bytes] = set()
    features = set(wanted)
    for number, bundle in enumerate(answer.bundles):
        lost = [name for name in wanted if name not in bundle]
        more = [name for name in bundle if name not in features]
        if lost or more:
            raise TreeError(
                f"bundles[{number}]: expected exactly the features asked for; missing: {names(lost)}; "
                f"not asked for: {names(name[:64] for name in more[:20])}"
            )
        for name, value in bundle.items():
            _check_value(value, f"bundles[{number}].{name}")
        values = canonical_json(bundle)
        if values in seen or values in taken:
            raise TreeError(f"bundles[{number}]: equals another person's, expected all to differ")
        seen.add(values)
    return answer.bundles


def fit_bundles(answer: Bundles, features: Sequence[Feature], draw: random.Random, mended: Mended) -> Bundles:
    """The bundles with values of basic features as their schemas want them.

    A value that does not fit fills no parameter: '3' for a number becomes 3, 'paypal' the 'PayPal' of an
    enum; where it is not clear what was meant, or an address is a sentence about somebody or none but in
    form, a standard fact or a choice is drawn.
    """
    wanted = {
        feature.name: feature for feature in features if feature.kind == "basic" and feature.value_schema
    }

    def fit(name: str, value: JsonValue) -> JsonValue:
        feature = wanted[name]
        nearest = nearest_value(value, feature.value_schema, mended)
        drawn = name in BY_NAME or "enum" in feature.value_schema
        no_fact = (
            name in BY_NAME
            and isinstance(nearest, str)
            and (_NO_FACT.search(nearest) or _PLACEHOLDER.search(nearest))
        )
        if not drawn or (fits(nearest, feature.value_schema) and not no_fact):
            return nearest
        mended["value_drawn"] += 1
        return default_value(feature, draw)

    fitted = tuple(
        {name: fit(name, value) if name in wanted else value for name, value in bundle.items()}
        for bundle in answer.bundles
    )
    return answer if fitted == answer.bundles else answer.model_copy(update={"bundles": fitted})


def repair_bundles(
    answer: Bundles,
    features: Sequence[Feature],
    count: int,
    taken: Container[bytes],
    draw: random.Random,
    mended: Mended,
) -> Bundles:
    """Exactly `count` different bundles of exactly these features, as much of the model's as there is.

    Names that are nearly right are taken for the right ones; what is missing or unusable is drawn.
    """
    by_name = {feature.name: feature for feature in features}
    mended["surplus"] += max(0, len(answer.bundles) - count)
    mended["missing_bundle"] += max(0, count - len(answer.bundles))
    seen = set[bytes]()
    bundles: list[Bundle] = []
    for given in [*answer.bundles, *({} for _ in range(count))][:count]:
        values: Bundle = {}
        for name, value in given.items():
            known = name if name in by_name else near_name(name, by_name.keys() - given.keys())
            mended["near_name"] += known not in (name, None)
            if known and known not in values and _is_usable(value):
                values[known] = value
        mended["missing_value"] += len(by_name) - len(values) if given else 0
        bundle = {
            name: values[name] if name in values else default_value(feature, draw)
            for name, feature in by_name.items()
        }
        text = canonical_json(bundle)
        mended["equal_bundle"] += text in seen or text in taken
        bundles.append(_made_different(bundle, features, (seen, taken), draw))
        seen.add(canonical_json(bundles[-1]))
    return Bundles(bundles=tuple(bundles))


def _made_different(
    bundle: Bundle, features: Sequence[Feature], others: Iterable[Container[bytes]], draw: random.Random
) -> Bundle:
    """The bundle, or one with as few values drawn anew as make it unlike all others."""
    places = list(range(len(features)))
    draw.shuffle(places)
    changed = dict(bundle)
    for number in range(_MOST_DRAWS):
        values = canonical_json(changed)
        if not any(values in seen for seen in others):
            return changed
        feature = features[places[number % len(places)]]
        changed[feature.name] = default_value(feature, draw)
    return changed


def _is_usable(value: JsonValue) -> bool:
    try:
        _check_value(value, "")
    except TreeError:
        return False
    return True


def _check_value(value: JsonValue, where: str) -> None:
    try:
        size = len(orjson.dumps(value))
    except TypeError as error:
        raise TreeError(f"{where}: got a value JSON cannot hold: {error}") from None
    if control := next((text for text in _texts(value) if _CONTROL.search(text)), None):
        raise TreeError(f"{where}: got {control[:40]!r}, expected text without control characters")
    if value is None or value == "" or size > MAX_VALUE:
        got = f"{size} bytes of JSON" if value else repr(value)
        raise TreeError(f"{where}: got {got}, expected a value of at most {MAX_VALUE} bytes, not null")


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def canonical_json(bundle: Mapping[str, Any]) -> bytes:
    """A bundle in bytes that are equal where it is."""
    return orjson.dumps(bundle, option=orjson.OPT_SORT_KEYS)
