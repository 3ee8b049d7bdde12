"""The quality of a dataset: what was dropped and why, what the rest is worth, audit and cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from ...records.dataset_statistics import Audit, Decidability, Spread, Statistics
from ...rendering.charts import Bar, bar_chart, funnel_chart, pie_chart
from ...rendering.document import Cell, Part, Row, Section, Table, count_cell, foreign
from ...rendering.text import in_order, inert, ranked, share, share_of, words
from .report_data import ReportData

SHOWN = 40
"""Rows of a table of reasons or of what is used most."""

_FUNNEL_NAMES = {
    "made": "episodes played",
    "rule_rejected": "rejected by rules",
    "judge_rejected": "rejected by judges",
    "gate_rejected": "rejected by gates",
    "failed": "without a model's answer",
    "kept": "kept as samples",
}
"""Key of the funnel -> its name."""

_LEARNERS = {
    "chance": "chance",
    "without_profile": "without the user",
    "transparent": "from the visible history",
    "bayes": "Bayes posterior",
}
"""Field of `Decidability` -> the name of the learner whose accuracy it is."""


def quality_sections(statistics: Statistics, codes: Mapping[str, str]) -> Iterator[Section]:
    """The sections on what the dataset is worth. Args: codes: code of a reason -> the sentence for it."""
    yield _funnel_section(statistics)
    yield _gates_section(statistics, codes)
    yield _origins_section(statistics)
    yield _decidability_section(statistics.decidability)
    yield _necessity_section(statistics)
    yield _diversity_section(statistics)


def _funnel_section(statistics: Statistics) -> Section:
    funnel = in_order(statistics.funnel, _FUNNEL_NAMES)
    episodes, kept = funnel.pop("made", 0), funnel.pop("kept", 0)
    lost = [(_FUNNEL_NAMES.get(name, inert(words(name), 60)), count) for name, count in funnel.items()]
    adds_up = episodes == kept + sum(funnel.values())
    rows = [
        Row((Cell(_FUNNEL_NAMES["made"]), count_cell(episodes), Cell(share_of(episodes, episodes, 2)))),
        *(Row((Cell(name), count_cell(count), Cell(share_of(count, episodes, 2)))) for name, count in lost),
        Row((Cell(_FUNNEL_NAMES["kept"]), count_cell(kept), Cell(share_of(kept, episodes, 2))), "own"),
    ]
    check = "The parts add up." if adds_up else "The parts do NOT add up: these statistics are damaged."
    text = (f"What became of every episode. {check}",)
    picture = funnel_chart(
        "funnel", "From episodes to samples", (_FUNNEL_NAMES["made"], episodes), lost, _FUNNEL_NAMES["kept"]
    )
    table = Table(("Fate", "Episodes", "Of all"), tuple(rows))
    return Section("Funnel", text, (picture, table))


def _gates_section(statistics: Statistics, codes: Mapping[str, str]) -> Section:
    gates = tuple(
        Row(
            (
                foreign(words(gate.gate), 60),
                count_cell(gate.judged),
                count_cell(gate.rejected),
                Cell(share_of(gate.rejected, gate.judged)),
            )
        )
        for gate in statistics.gates
    )
    reasons = tuple(
        Row((replace(foreign(code, 80), note=inert(codes.get(code, ""), 200)), count_cell(count)))
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


def _origins_section(statistics: Statistics) -> Section:
    origins = in_order(statistics.origins, ("query", "profile", "default"))
    whole = sum(origins.values())
    shares = [(f"the {name}", count / whole if whole else 0.0) for name, count in origins.items()]
    rows = tuple(
        Row((foreign(name, 40), count_cell(count), Cell(share_of(count, whole))))
        for name, count in origins.items()
    )
    text = (
        f"Where the {whole:,} arguments of all samples come from. A sample has {statistics.parameters:.2f} "
        "from query or profile on average; in the paper's Table 1 it is 3.65, and 60 % of them are from "
        "the profile.",
    )
    table = Table(("Origin", "Arguments", "Share"), rows)
    return Section("Origins of arguments", text, (pie_chart("origins", "Arguments by origin", shares), table))


def _decidability_section(decidability: Decidability) -> Section:
    text = (
        "How well the platform to choose follows from what a sample shows (Definition 3.1), measured on "
        f"{decidability.samples:,} samples. From the visible history: the most frequent platform in "
        "alike contexts, found by a learner that anybody can follow. The Bayes posterior knows how "
        "histories were drawn: about the best there is. Without the user: a learner that sees the "
        "query alone; near chance, the user is really needed.",
    )
    bars = [
        Bar(name, getattr(decidability, field), kind=_bar_kind(field)) for field, name in _LEARNERS.items()
    ]
    rows = [
        Row(
            (Cell("All samples"), *(Cell(share(getattr(decidability, field), 2)) for field in _LEARNERS)),
            "own",
        ),
        *(
            Row((foreign(scenario, 40), *(Cell(share(values.get(field), 2)) for field in _LEARNERS)))
            for scenario, values in decidability.by_scenario.items()
        ),
    ]
    columns = ("Accuracy", *(_LEARNERS.values()))
    picture = bar_chart("decidability", "Platform found", bars)
    return Section("Decidability of the platform", text, (picture, Table(columns, tuple(rows))))


def _bar_kind(field: str) -> str:
    return {"chance": "floor", "without_profile": "quoted", "bayes": "ceiling"}.get(field, "answers")


def _necessity_section(statistics: Statistics) -> Section:
    necessity, interchangeability = statistics.necessity, statistics.interchangeability
    guessed = "nobody was asked" if not necessity.asked else share(necessity.platform_guessed)
    facts = (
        ("An argument comes from the profile alone", share(necessity.needing)),
        ("The best guess without the profile does not solve it", share(necessity.unsolvable)),
        ("Solvers without the profile who were asked", f"{necessity.asked:,}"),
        (
            "– of them, those who solved it all the same",
            f"{necessity.solved:,}" if necessity.asked else "nobody was asked",
        ),
        ("– platforms they guessed", guessed),
        ("Another platform could serve the same query", share(interchangeability.served_elsewhere)),
        (
            "Some other user would have gone elsewhere with the same need",
            share(interchangeability.other_user_elsewhere),
        ),
        ("Counterfactual twins: same query, other user, other platform", f"{interchangeability.twins:,}"),
    )
    text = (
        "Necessity: a sample is about its user only if it cannot be solved without the profile (Table 3). "
        "Interchangeability: the choice of a platform is the user's only if others could have served "
        "(Definition 3.1).",
    )
    rows = tuple(Row((Cell(name), Cell(value))) for name, value in facts)
    return Section("Is the user needed?", text, (Table(("Of all samples", ""), rows),))


def _diversity_section(statistics: Statistics) -> Section:
    diversity = statistics.diversity
    facts = (
        ("Different words / words of all queries (distinct-1)", f"{diversity.distinct_1:.4f}"),
        ("Different pairs of neighbouring words / pairs (distinct-2)", f"{diversity.distinct_2:.4f}"),
        ("Words of a query, on average", f"{diversity.words:.1f}"),
        ("Queries with a near-duplicate, twins aside", share(diversity.near_duplicates, 2)),
        ("Pairs of near-duplicates across splits", f"{diversity.near_duplicates_across:,}"),
        ("Basic features in which two users differ, on average", share(diversity.profile_distance)),
        ("– the two most alike", share(diversity.closest_profiles)),
        ("Preferred platform within a context: entropy, bits", f"{diversity.preference_entropy:.3f}"),
        ("– if all platforms were preferred equally often, bits", f"{diversity.most_entropy:.3f}"),
        ("Users who prefer different platforms in different contexts", share(diversity.mixed_preferences)),
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
        *(_most_used(name, spread) for name, spread in spreads.items()),
    )
    text = ("How much samples differ from each other, and how evenly the world is used.",)
    return Section("Diversity and coverage", text, parts)


def _coverage(spreads: Mapping[str, Spread]) -> Table:
    rows = []
    for name, spread in spreads.items():
        most, fewest = (pick(spread.counts.values(), default=0) for pick in (max, min))
        share_used = Cell(share_of(spread.used, spread.offered))
        counts = (count_cell(spread.used), count_cell(spread.offered))
        rows.append(Row((Cell(name), *counts, share_used, count_cell(most), count_cell(fewest))))
    return Table(("Coverage", "Used", "Offered", "Share", "Most samples", "Fewest"), tuple(rows))


def _most_used(name: str, spread: Spread) -> Table:
    rows = tuple(
        Row((foreign(key, 90), count_cell(count))) for key, count in islice(ranked(spread.counts), 10)
    )
    return Table((f"{name}: most used", "Samples"), rows)


_USAGE_COUNTS = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens")


def cost_section(data: ReportData) -> Section:
    """The section on what was spent."""
    usage = list(_usage_by_role(data.manifest_object("notes", "usage")))
    if not usage:
        return Section("Cost", ("The manifest says nothing of what was spent.",))
    rows = [
        Row((foreign(words(stage), 40), foreign(role, 40), *_usage_cells([used])))
        for stage, role, used in usage
    ]
    rows.append(Row((Cell("together"), Cell(""), *_usage_cells([used for *_, used in usage])), "own"))
    columns = ("Stage", "Role", "Calls", "Tokens in", "Tokens out", "Cached", "US dollars")
    text = (
        "Every call is counted, also those whose answers were unusable. What an endpoint without a known "
        "price costs is unknown, and never counted as nothing.",
    )
    return Section("Cost", text, (Table(columns, tuple(rows), words=2),))


def _usage_by_role(usage: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for stage, roles in usage.items():
        for role, used in roles.items() if isinstance(roles, dict) else ():
            if isinstance(used, dict):
                yield inert(stage, 60), inert(role, 60), used


def _usage_cells(usages: list[Mapping[str, Any]]) -> Iterator[Cell]:
    for name in _USAGE_COUNTS:
        yield count_cell(sum(_count(usage, name) for usage in usages))
    unpriced, calls = (sum(_count(usage, name) for usage in usages) for name in ("unpriced", "calls"))
    usd = sum(float(value) for usage in usages if isinstance(value := usage.get("usd"), int | float))
    if calls and unpriced >= calls:
        yield Cell("unknown")
    else:
        yield Cell(f"{usd:,.2f}", note=f"{unpriced:,} calls unpriced" if unpriced else "")


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) else 0


def repairs_section(data: ReportData) -> Iterator[Section]:
    """What code mended in answers, and where it stood in for them; nothing where it had nothing to do."""
    outcomes = {"mended": "mended in an answer", "degraded": "filled in by code"}
    rows = tuple(
        Row((foreign(words(role), 40), foreign(words(kind), 60), Cell(name), count_cell(int(count))))
        for outcome, name in outcomes.items()
        for role, kinds in sorted(data.manifest_object("notes", outcome).items())
        if isinstance(kinds, dict)
        for kind, count in ranked({kind: count for kind, count in kinds.items() if isinstance(count, int)})
    )
    if not rows:
        return
    text = (
        "Before a model is asked again, code mends what is unambiguous in its answer, such as sizes that do "
        "not add up or names that are nearly right. What no answer brought is filled in out of the words and "
        "schemas of the scenario; strict_stages=true ends the run there instead.",
    )
    yield Section("Mended by code", text, (Table(("Role", "What", "How", "Times"), rows),))


def audit_section(audit: Audit | None) -> Section:
    """The section on the verifier audit."""
    if audit is None:
        return Section("Verifier audit", ("Nobody was put on trial in this run (audit.samples=0).",))
    cases, caught = sum(row.cases for row in audit.corruptions), sum(row.caught for row in audit.corruptions)
    changed = sum(row.to_accepted for row in audit.injections)
    asked = sum(row.cases for row in audit.injections)
    text = (
        f"{audit.samples:,} accepted episodes were corrupted in {len(audit.corruptions):,} ways: rules and "
        f"judges together caught {caught:,} of {cases:,} ({share_of(caught, cases)}), and objected to "
        f"{audit.false_alarms:,} of {audit.clean:,} untouched ones "
        f"({share_of(audit.false_alarms, audit.clean)}).",
        f"{audit.texts:,} instructions to accept were hidden in queries, profiles and platforms: "
        f"{changed:,} of {asked:,} verdicts changed to accepted.",
    )
    parts: list[Part] = []
    if audit.corruptions:
        parts += [_corruptions_chart(audit), _corruptions_table(audit)]
    if audit.injections:
        parts.append(_injections_table(audit))
    return Section("Verifier audit", text, tuple(parts))


def _corruptions_chart(audit: Audit) -> Part:
    bars = [Bar(words(row.kind), row.caught / row.cases if row.cases else None) for row in audit.corruptions]
    return bar_chart("audit", "Corruptions caught by rules or judges", bars)


def _corruptions_table(audit: Audit) -> Table:
    rows = []
    for corruption in audit.corruptions:
        caught = (corruption.by_rules, corruption.by_judges, corruption.caught)
        shares = (Cell(share_of(count, corruption.cases)) for count in caught)
        name, example = foreign(words(corruption.kind), 40), foreign(corruption.example, 160)
        rows.append(Row((name, example, count_cell(corruption.cases), *shares)))
    columns = ("Corruption", "For example", "Cases", "By rules", "By judges alone", "Caught")
    return Table(columns, tuple(rows), "What was done to good samples", words=2)


def _injections_table(audit: Audit) -> Table:
    rows = tuple(
        Row(
            (
                foreign(injection.place, 40),
                count_cell(injection.cases),
                count_cell(injection.to_accepted),
                count_cell(injection.to_rejected),
            )
        )
        for injection in audit.injections
    )
    columns = ("Hidden in", "Verdicts", "Changed to accepted", "Changed to rejected")
    return Table(columns, rows, "Hidden instructions")
