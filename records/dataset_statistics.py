"""What is known of a dataset as a whole: splits, diversity, what its users can be known by, and its judges.

A run leaves it in statistics.json; the report and the dataset card are written from it. Shares are 0 to 1.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Record

FORMAT = 1
"""Of statistics.json."""


class SplitRow(Record):
    """One row of Table 5: a part of the dataset in numbers."""

    name: str = Field(
        description="train, test, trained, untrained, unseen, twins, reserve; all where nothing is split"
    )
    scenarios: int = Field(description="scenarios its samples are from")
    platforms: int = Field(description="platforms of those scenarios")
    apis: int = Field(description="APIs of those platforms")
    users: int = Field(description="people who ask")
    queries: int = Field(description="samples")
    file: str | None = Field(
        default=None, description="its file below dataset/; None: a sum or a part of another row"
    )


class GateRow(Record):
    """What one gate did."""

    gate: str = Field(description="its name")
    judged: int = Field(description="episodes it was shown")
    rejected: int = Field(description="of them, those it objected to")


class Spread(Record):
    """How evenly something is used."""

    used: int = Field(description="how many there are in the dataset")
    offered: int = Field(description="how many there could be")
    counts: dict[str, int] = Field(description="name -> samples; the most used first, at most 400")


class Diversity(Record):
    """How much the samples differ from each other."""

    distinct_1: float = Field(description="different words / words of all queries")
    distinct_2: float = Field(description="different pairs of neighbouring words / pairs")
    words: float = Field(description="words of a query, on average")
    stock_phrase: str = Field(default="", description="the three words with which the most sentences begin")
    stock_share: float = Field(default=0.0, description="share of queries with a sentence that begins so")
    near_duplicates: float = Field(
        description="share of queries with a near-duplicate in the dataset; twins do not count"
    )
    near_duplicates_across: int = Field(description="pairs of near-duplicates in different splits")
    profile_distance: float = Field(
        description="share of basic features in which two users differ, average over pairs"
    )
    closest_profiles: float = Field(description="the same for the two most alike")
    preference_entropy: float = Field(
        description="bits of the preferred platform within (scenario, context), on average"
    )
    most_entropy: float = Field(description="bits if all platforms were preferred equally often")
    mixed_preferences: float = Field(
        description="share of users who prefer different platforms in different contexts"
    )


class Decidability(Record):
    """How well the target platform follows from what a sample shows (Definition 3.1, Table 3)."""

    samples: int = Field(description="samples judged")
    chance: float = Field(description="1 / platforms that could serve, on average")
    transparent: float = Field(
        description="accuracy of the most frequent platform in alike contexts of the visible history"
    )
    bayes: float = Field(
        description="accuracy of the Bayes posterior under the way histories are drawn: the ceiling"
    )
    without_profile: float = Field(
        description="accuracy of a learner that sees only the query; near chance where the user is needed"
    )
    by_scenario: dict[str, dict[str, float]] = Field(
        description="scenario -> the same four accuracies by name"
    )


class ReaderAccuracy(Record):
    """What a general reader finds in one scenario, or in all on average."""

    queries: float = Field(description="share of queries whose kind of need it names")
    actions: float = Field(description="share of the history's actions whose kind of need it names")
    platforms: float = Field(description="share of samples whose platform it finds in the visible history")


class GeneralReader(ReaderAccuracy):
    """What a reader finds who knows names and descriptions of kinds of need, and no text of the dataset."""

    model: str = Field(description="the embedding model that reads")
    by_scenario: dict[str, ReaderAccuracy] = Field(description="scenario -> the same")


class Necessity(Record):
    """How far the samples need the user (Table 3)."""

    needing: float = Field(description="share of samples with an argument that only the profile gives")
    unsolvable: float = Field(description="share that the best guess without the profile does not solve")
    asked: int = Field(description="samples that a solver without the profile was asked")
    solved: int = Field(description="of them, those it solved all the same")
    platform_guessed: float | None = Field(
        description="share of those asked whose platform it guessed; None: nobody asked"
    )


class Interchangeability(Record):
    """Whether another platform could have served (Definition 3.1)."""

    served_elsewhere: float = Field(
        description="share of samples that at least one other platform could serve"
    )
    other_user_elsewhere: float = Field(
        description="share for which some user of the dataset goes elsewhere with the same need"
    )
    twins: int = Field(
        description="counterfactual twins in the dataset: same query, other user, other platform"
    )


class SampleQuality(Record):
    """The same of one sample: a line of dataset/quality.jsonl."""

    id: str = Field(description="the sample's id")
    serving: int = Field(description="platforms that could serve it, its own included")
    transparent: str = Field(description="platform that the transparent learner finds in the visible history")
    bayes: str = Field(description="platform that the Bayes posterior finds there")
    without_profile: str = Field(description="platform that the best learner takes who does not see the user")
    only_profile: tuple[str, ...] = Field(description="arguments that only the profile gives")
    guessed: bool = Field(description="whether the best guess without the profile solves it")


class CaughtRow(Record):
    """How one kind of corruption was found."""

    kind: str = Field(description="what was done to a good sample")
    cases: int = Field(description="corrupted samples")
    by_rules: int = Field(description="of them, those the rule checks objected to")
    by_judges: int = Field(description="those a judge objected to, asked without the rules")
    caught: int = Field(description="those that either objected to")
    example: str = Field(default="", description="one of them, in a sentence")


class InjectionRow(Record):
    """What instructions hidden in one place did to verdicts."""

    place: str = Field(description="query, profile or platform")
    cases: int = Field(description="verdicts asked for with an instruction hidden there")
    to_accepted: int = Field(description="verdicts that changed from rejected to accepted")
    to_rejected: int = Field(description="verdicts that changed from accepted to rejected")


class Audit(Record):
    """The verifier on trial: seeded corruptions, good samples, hidden instructions (§4.3)."""

    samples: int = Field(description="accepted episodes it was made from")
    corruptions: tuple[CaughtRow, ...] = Field(description="one row a kind")
    clean: int = Field(description="untouched samples shown to rules and judges")
    false_alarms: int = Field(description="of them, those somebody objected to")
    injections: tuple[InjectionRow, ...] = Field(description="one row a place")
    texts: int = Field(description="different instructions hidden")


class Statistics(Record):
    """Everything known of a dataset as a whole."""

    format: int = Field(default=FORMAT, description="of this file")
    model: str = Field(description="who answered, in the model's own words")
    scripted: bool = Field(description="whether no language model took part")
    splits: tuple[SplitRow, ...] = Field(description="Table 5 of this dataset")
    funnel: dict[str, int] = Field(description="made, rejected by what, kept; the parts add up to made")
    reasons: dict[str, int] = Field(description="reason code -> rejected episodes, the most frequent first")
    gates: tuple[GateRow, ...] = Field(description="in the order they run")
    parameters: float = Field(description="arguments of a sample from query or profile, on average (Table 1)")
    origins: dict[str, int] = Field(description="query, profile, default -> arguments of all samples")
    platforms: dict[str, dict[str, int]] = Field(
        description="scenario -> platform -> samples whose gold it is"
    )
    apis: Spread = Field(description="'scenario/platform/API' as names")
    features: Spread = Field(description="basic features that fill arguments")
    contexts: Spread = Field(description="'scenario/context' as names")
    diversity: Diversity = Field(description="how much samples differ")
    decidability: Decidability = Field(description="how well the platform can be known")
    general_reader: GeneralReader | None = Field(
        default=None, description="how well a reader tells who knows no kit; None: none was asked"
    )
    necessity: Necessity = Field(description="how far the user is needed")
    interchangeability: Interchangeability = Field(description="whether other platforms could serve")
    audit: Audit | None = Field(description="the verifier on trial; None: nobody was put on trial")
    assistant: Literal["propose", "confirm", "none"] = Field(
        default="propose", description="who wrote the answers (as in a sample)"
    )
    samples_per_turn: int = Field(
        default=1, description="answers of a role that were drawn in a turn, until one was not objected to"
    )
    judges_without_vote: dict[str, str] = Field(
        default={}, description="judge -> what it did on tasks with known answers: no better than chance"
    )
    short_of: tuple[str, ...] = Field(
        default=(), description="what was asked for and is not reached, a sentence each"
    )

    def benchmark(self) -> SplitRow | None:
        """The part that is a benchmark (Table 9): the test split, or everything where nothing is split."""
        splits = {split.name: split for split in self.splits}
        return splits.get("test") or splits.get("all")

    def personal(self) -> tuple[bool, bool, bool]:
        """Whether platforms, parameters and histories are personal (Table 9); users always have a history."""
        return self.interchangeability.other_user_elsewhere > 0, self.origins.get("profile", 0) > 0, True
