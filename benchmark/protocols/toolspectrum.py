"""F1 of the four parts of a call in ToolSpectrum's paper: APP, API, required and optional parameters.

Upstream publishes no scoring code, so this is ptool's reading: micro F1 over the samples of a file, the
parameters upstream requires apart from the personalized and environmental ones. An answer that cannot be
read, and one that declines, gives nothing; a gold that declines wants nothing. A parameter is right if its
function is the gold's and its value is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..items import GoldCall, Item, PredictedCall, Prediction
from ..matching.values import accepted, subschema

PARTS = {"app": "APP", "api": "API", "required": "Required", "optional": "Optional"}
"""Part of a call -> its name in upstream's paper."""


@dataclass(slots=True)
class PartCounts:
    """What F1 of one part divides."""

    hits: int = 0
    given: int = 0
    wanted: int = 0

    @property
    def f1(self) -> float | None:
        """Twice the hits, of everything given and wanted; None of nothing."""
        total = self.given + self.wanted
        return 2 * self.hits / total if total else None


@dataclass(slots=True)
class PartsF1:
    """Adds up the parts of any number of answers."""

    samples: int = 0
    parts: dict[str, PartCounts] = field(default_factory=lambda: {part: PartCounts() for part in PARTS})

    def add(self, item: Item, prediction: Prediction | None) -> None:
        """Count one answer. Args: prediction: None: it could not be read."""
        self.samples += 1
        calls = prediction.calls if prediction else ()
        app = prediction.platform if prediction and calls else None
        self._count(
            "app", app is not None and app == item.platform, app is not None, item.platform is not None
        )
        left = {call.name: call for call in item.calls}
        for call in calls:
            gold = left.pop(call.name, None)
            self._count("api", gold is not None, True, gold is not None)
            self._add_parameters(item, call, gold)
        for gold in left.values():
            self._count("api", False, False, True)
            self._add_parameters(item, None, gold)

    def shares(self) -> dict[str, float | None]:
        """Part -> its F1."""
        return {part: counts.f1 for part, counts in self.parts.items()}

    def _add_parameters(self, item: Item, call: PredictedCall | None, gold: GoldCall | None) -> None:
        given, wanted = call.arguments if call else {}, gold.accepted if gold else {}
        parameters = subschema(item.tools.get((call or gold).name), "parameters")  # type: ignore[union-attr]
        for name in {**wanted, **given}:
            query = gold is not None and gold.origins.get(name) == "query"
            required = query or (name not in wanted and name in parameters.get("required", ()))
            schema = subschema(subschema(parameters, "properties"), name)
            both = name in given and name in wanted
            right = both and accepted(given[name], wanted[name], schema, item.rules)
            self._count("required" if required else "optional", right, name in given, name in wanted)

    def _count(self, part: str, hit: bool, given: bool, wanted: bool) -> None:
        counts = self.parts[part]
        counts.hits += hit
        counts.given += given
        counts.wanted += wanted
