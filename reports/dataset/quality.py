"""What was made, what was dropped and why, what the rest is worth: statistics as tables and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from ...records.dataset_statistics import Audit, Decidability, Spread, Statistics
from ...rendering.charts import Bar, bars, pie, steps
from ...rendering.document import Cell, Part, Row, Section, Table, foreign
from ...rendering.text import inert
from .material import Material
from .text import FATES, number, ordered, part, ranked, share, words

SHOWN = 40
"""Rows of a table of reasons or of what is used most."""

_DECIDED = {
    "chance": "chance",
    "without_profile": "without the user",
    "transparent": "from the visible history",
    "bayes": "Bayes posterior",
}
"""Field of `Decidability` -> its name."""


def quality(statistics: Statistics, codes: Mapping[str, str]) -> Iterator[Section]:
    """The sections on what the dataset is worth. Args: codes: code of a reason -> the sentence for it."""
    yield _funnel(statistics)
    yield _gates(statistics, codes)
    yield _origins(statistics)
    yield _decidability(statistics.decidability)
    yield _needed(statistics)
    yield _diversity(statistics)


def _funnel(statistics: Statistics) -> Section:
    funnel = ordered(statistics.funnel, FATES)
    made, kept = funnel.pop("made", 0), funnel.pop("kept", 0)
    lost = [(FATES.get(name, inert(words(name), 60)), count) for name, count in funnel.items()]
    adds_up = made == kept + sum(funnel.values())
    rows = [
        Row((Cell(FATES["made"]), number(made), Cell(part(made, made, 2)))),
        *(Row((Cell(name), number(count), Cell(part(count, made, 2)))) for name, count in lost),
        Row((Cell(FATES["kept"]), number(kept), Cell(part(kept, made, 2))), "own"),
    ]
    told = "The parts add up." if adds_up else "The parts do NOT add up: these statistics are damaged."
    text = (f"What became of every episode. {told}",)
    picture = steps("funnel", "From episodes to samples", (FATES["made"], made), lost, FATES["kept"])
    table = Table(("Fate", "Episodes", "Of all"), tuple(rows))
    return Section("Funnel", text, (picture, table))


def _gates(statistics: Statistics, codes: Mapping[str, str]) -> Section:
    gates = tuple(
        Row(
            (
                foreign(words(one.gate), 60),
                number(one.judged),
                number(one.rejected),
                Cell(part(one.rejected, one.judged)),
            )
        )
        for one in statistics.gates
    )
    reasons = tuple(
        Row((replace(foreign(code, 80), note=inert(codes.get(code, ""), 200)), number(count)))
        for code, count in islice(ranked(statistics.reasons), SHOWN)
    )
    parts: list[Part] = []
    if gates:
        parts.append(Table(("Gate", "Judged", "Rejected", "Share"), gates, "Gates, in the order they run"))
    if reasons:
        parts.append(Table(("Reason", "Episodes"), reasons, "Reasons, the most frequent first"))
    left = len(statistics.reasons) - len(reasons)
    text = [
        "A gate judges what was accepted in conversation once more, on its own. One episode may be "
        "rejected for several reasons; then it counts for each."
    ]
    if left > 0:
        text.append(f"{left:,} more reasons stand in statistics.json.")
    if not gates:
        text.append("No gate was chosen.")
    return Section("Gates and reasons", tuple(text), tuple(parts))


def _origins(statistics: Statistics) -> Section:
    origins = ordered(statistics.origins, ("query", "profile", "default"))
    whole = sum(origins.values())
    shares = [(f"the {name}", count / whole if whole else 0.0) for name, count in origins.items()]
    rows = tuple(
        Row((foreign(name, 40), number(count), Cell(part(count, whole)))) for name, count in origins.items()
    )
    text = (
        f"Where the {whole:,} arguments of all samples come from. A sample has {statistics.parameters:.2f} "
        "from query or profile on average; in the paper's Table 1 it is 3.65, and 60 % of them are from "
        "the profile.",
    )
    table = Table(("Origin", "Arguments", "Share"), rows)
    return Section("Origins of arguments", text, (pie("origins", "Arguments by origin", shares), table))


def _decidability(one: Decidability) -> Section:
    text = (
        "How well the platform to choose follows from what a sample shows (Definition 3.1), measured on "
        f"{one.samples:,} samples. From the visible history: the most frequent platform in alike contexts, "
        "found by a learner that anybody can follow. The Bayes posterior knows how histories were drawn: "
        "about the best there is. Without the user: a learner that sees the query alone; near chance, the "
        "user is really needed.",
    )
    chart = [Bar(name, getattr(one, field), kind=_look(field)) for field, name in _DECIDED.items()]
    rows = [
        Row((Cell("All samples"), *(Cell(share(getattr(one, field), 2)) for field in _DECIDED)), "own"),
        *(
            Row((foreign(scenario, 40), *(Cell(share(values.get(field), 2)) for field in _DECIDED)))
            for scenario, values in one.by_scenario.items()
        ),
    ]
    columns = ("Accuracy", *(_DECIDED.values()))
    picture = bars("decidability", "Platform found", chart)
    return Section("Decidability of the platform", text, (picture, Table(columns, tuple(rows))))


def _look(field: str) -> str:
    return {"chance": "floor", "without_profile": "quoted", "bayes": "ceiling"}.get(field, "answers")


def _needed(statistics: Statistics) -> Section:
    need, other = statistics.necessity, statistics.interchangeability
    guessed = "nobody was asked" if not need.asked else share(need.platform_guessed)
    facts = (
        ("An argument comes from the profile alone", share(need.needing)),
        ("The best guess without the profile does not solve it", share(need.unsolvable)),
        ("Solvers without the profile who were asked", f"{need.asked:,}"),
        (
            "– of them, those who solved it all the same",
            f"{need.solved:,}" if need.asked else "nobody was asked",
        ),
        ("– platforms they guessed", guessed),
        ("Another platform could serve the same query", share(other.served_elsewhere)),
        ("Some other user would have gone elsewhere with the same need", share(other.other_user_elsewhere)),
        ("Counterfactual twins: same query, other user, other platform", f"{other.twins:,}"),
    )
    text = (
        "Necessity: a sample is about its user only if it cannot be solved without the profile (Table 3). "
        "Interchangeability: the choice of a platform is the user's only if others could have served "
        "(Definition 3.1).",
    )
    rows = tuple(Row((Cell(name), Cell(value))) for name, value in facts)
    return Section("Is the user needed?", text, (Table(("Of all samples", ""), rows),))


def _diversity(statistics: Statistics) -> Section:
    one = statistics.diversity
    facts = (
        ("Different words / words of all queries (distinct-1)", f"{one.distinct_1:.4f}"),
        ("Different pairs of neighbouring words / pairs (distinct-2)", f"{one.distinct_2:.4f}"),
        ("Words of a query, on average", f"{one.words:.1f}"),
        ("Queries with a near-duplicate, twins aside", share(one.near_duplicates, 2)),
        ("Pairs of near-duplicates across splits", f"{one.near_duplicates_across:,}"),
        ("Basic features in which two users differ, on average", share(one.profile_distance)),
        ("– the two most alike", share(one.closest_profiles)),
        ("Preferred platform within a context: entropy, bits", f"{one.preference_entropy:.3f}"),
        ("– if all platforms were preferred equally often, bits", f"{one.most_entropy:.3f}"),
        ("Users who prefer different platforms in different contexts", share(one.mixed_preferences)),
    )
    rows = tuple(Row((Cell(name), Cell(value))) for name, value in facts)
    spreads = {
        "APIs": statistics.apis,
        "Features that fill arguments": statistics.features,
        "Contexts": statistics.contexts,
    }
    parts = (
        Table(("Measure", ""), rows),
        _coverage(spreads),
        *(_most(name, one) for name, one in spreads.items()),
    )
    text = ("How much samples differ from each other, and how evenly the world is used.",)
    return Section("Diversity and coverage", text, parts)


def _coverage(spreads: Mapping[str, Spread]) -> Table:
    rows = tuple(
        Row((Cell(name), number(one.used), number(one.offered), Cell(part(one.used, one.offered)),
             number(max(one.counts.values(), default=0)), number(min(one.counts.values(), default=0))))
        for name, one in spreads.items()
    )  # fmt: skip
    return Table(("Coverage", "Used", "Offered", "Share", "Most samples", "Fewest"), rows)


def _most(name: str, spread: Spread) -> Table:
    """The most used ones."""
    rows = tuple(Row((foreign(key, 90), number(count))) for key, count in islice(ranked(spread.counts), 10))
    return Table((f"{name}: most used", "Samples"), rows)


_COUNTED = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens")


def costs(material: Material) -> Section:
    """The section on what was spent."""
    spent = [(stage, role, one) for stage, role, one in _spent(material.noted("notes", "usage"))]
    if not spent:
        return Section("Cost", ("The manifest says nothing of what was spent.",))
    rows = [
        Row((foreign(words(stage), 40), foreign(role, 40), *_numbers([one]))) for stage, role, one in spent
    ]
    rows.append(Row((Cell("together"), Cell(""), *_numbers([one for *_, one in spent])), "own"))
    columns = ("Stage", "Role", "Calls", "Tokens in", "Tokens out", "Cached", "US dollars")
    text = (
        "Every call is counted, also those whose answers were unusable. What an endpoint without a known "
        "price costs is unknown, and never counted as nothing.",
    )
    return Section("Cost", text, (Table(columns, tuple(rows), words=2),))


def _spent(usage: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for stage, roles in usage.items():
        for role, one in roles.items() if isinstance(roles, dict) else ():
            if isinstance(one, dict):
                yield inert(stage, 60), inert(role, 60), one


def _numbers(found: list[Mapping[str, Any]]) -> Iterator[Cell]:
    for name in _COUNTED:
        yield Cell(f"{sum(_count(one, name) for one in found):,}")
    unpriced, calls = (sum(_count(one, name) for one in found) for name in ("unpriced", "calls"))
    usd = sum(float(value) for one in found if isinstance(value := one.get("usd"), int | float))
    if calls and unpriced >= calls:
        yield Cell("unknown")
    else:
        yield Cell(f"{usd:,.2f}", note=f"{unpriced:,} calls unpriced" if unpriced else "")


def _count(found: Mapping[str, Any], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) else 0


def examination(audit: Audit | None) -> Section:
    """The section on the verifier audit."""
    if audit is None:
        return Section("Verifier audit", ("Nobody was put on trial in this run (audit.samples=0).",))
    cases, caught = sum(one.cases for one in audit.corruptions), sum(one.caught for one in audit.corruptions)
    changed = sum(one.to_accepted for one in audit.injections)
    asked = sum(one.cases for one in audit.injections)
    text = (
        f"{audit.samples:,} accepted episodes were corrupted in {len(audit.corruptions):,} ways: rules and "
        f"judges together caught {caught:,} of {cases:,} ({part(caught, cases)}), and objected to "
        f"{audit.false_alarms:,} of {audit.clean:,} untouched ones "
        f"({part(audit.false_alarms, audit.clean)}).",
        f"{audit.texts:,} instructions to accept were hidden in queries, profiles and platforms: "
        f"{changed:,} of {asked:,} verdicts changed to accepted.",
    )
    parts: list[Part] = []
    if audit.corruptions:
        parts += [_chart(audit), _corruptions(audit)]
    if audit.injections:
        parts.append(_injections(audit))
    return Section("Verifier audit", text, tuple(parts))


def _chart(audit: Audit) -> Part:
    rows = [Bar(words(one.kind), one.caught / one.cases if one.cases else None) for one in audit.corruptions]
    return bars("audit", "Corruptions caught by rules or judges", rows)


def _corruptions(audit: Audit) -> Table:
    rows = tuple(
        Row((foreign(words(one.kind), 40), foreign(one.example, 160), number(one.cases),
             Cell(part(one.by_rules, one.cases)), Cell(part(one.by_judges, one.cases)),
             Cell(part(one.caught, one.cases))))
        for one in audit.corruptions
    )  # fmt: skip
    columns = ("Corruption", "For example", "Cases", "By rules", "By judges alone", "Caught")
    return Table(columns, rows, "What was done to good samples", words=2)


def _injections(audit: Audit) -> Table:
    rows = tuple(
        Row((foreign(one.place, 40), number(one.cases), number(one.to_accepted), number(one.to_rejected)))
        for one in audit.injections
    )
    columns = ("Hidden in", "Verdicts", "Changed to accepted", "Changed to rejected")
    return Table(columns, rows, "Hidden instructions")
