"""Table 5 and the spreads of a dataset, counted by hand."""

from __future__ import annotations

import pytest
from ptool.records.dataset_statistics import Statistics
from ptool.synthesis.dataset.statistics import Table5, sample_statistics
from ptool.synthesis.dataset.statistics.coverage import Coverage

HOW = {"loyalty": 0.75, "actions_per_context": 4, "seed": 0}


def rows(kept, split_of, groups, populations):
    table = Table5(groups, populations)
    for sample in kept:
        table.add(sample, split_of.get(sample.id, "all"))
    return {
        one.name: (one.scenarios, one.platforms, one.apis, one.users, one.queries, one.file)
        for one in table.rows()
    }


def covered(kept, populations):
    coverage = Coverage(populations)
    for sample in kept:
        coverage.add(sample)
    return coverage


def test_the_rows_of_a_split_dataset(garden):
    own = garden.population(("u1", "u2", "u3"), scenarios=("a", "b"))
    held_out = garden.population({"x1": {}}, name="unseen", scenarios=("c", "d"))
    where = {  # sample -> user, scenario, split
        "1": ("u1", "a", "train"),
        "2": ("u1", "b", "train"),
        "3": ("u1", "a", "test"),
        "4": ("u2", "a", "test"),
        "5": ("u2", "a", "test"),
        "6": ("u3", "b", "reserve"),
        "7": ("x1", "c", "unseen"),
    }
    kept = [
        garden.sample(id, user, scenario=place, population="unseen" if part == "unseen" else "")
        for id, (user, place, part) in where.items()
    ]
    split_of = {id: part for id, (_, _, part) in where.items()}
    groups = {"u1": "trained", "u2": "untrained", "u3": "trained", "x1": "unseen"}
    assert rows(kept, split_of, groups, [own, held_out]) == {
        "train": (2, 6, 12, 1, 2, "train.jsonl"),
        "test": (2, 6, 12, 3, 4, None),  # with the unseen ones, as in the paper
        "trained": (1, 3, 6, 1, 1, "test.jsonl"),
        "untrained": (1, 3, 6, 1, 2, "test.jsonl"),
        "unseen": (1, 3, 6, 1, 1, "unseen.jsonl"),
        "reserve": (1, 3, 6, 1, 1, "reserve.jsonl"),
    }


def test_without_unseen_scenarios_test_is_a_file(garden):
    people = garden.population({"u1": {}})
    kept = [garden.sample("1", "u1"), garden.sample("2", "u1")]
    found = rows(kept, {"1": "train", "2": "test"}, {"u1": "trained"}, [people])
    assert list(found) == ["train", "test", "trained", "untrained"]
    assert found["test"] == (1, 3, 6, 1, 1, "test.jsonl")
    assert found["untrained"] == (0, 0, 0, 0, 0, "test.jsonl")


@pytest.mark.parametrize("split_of", [{}, {"1": "all"}])
def test_where_nothing_is_split_there_is_one_row(garden, split_of):
    people = garden.population({"u1": {}, "idle": {}}, scenarios=("garden", "empty"))
    assert rows([garden.sample("1", "u1")], split_of, {}, [people]) == {
        "all": (1, 3, 6, 1, 1, "samples.jsonl")
    }
    assert rows([], {}, {}, [people]) == {"all": (0, 0, 0, 0, 0, "samples.jsonl")}


def test_equal_names_in_two_populations_are_two_scenarios_and_two_people(garden):
    populations = [garden.population({"u1": {}}), garden.population({"u1": {}}, name="unseen")]
    kept = [garden.sample("1", "u1"), garden.sample("2", "u1", population="unseen")]
    assert rows(kept, {"1": "test", "2": "unseen"}, {}, populations)["test"] == (2, 6, 12, 2, 2, None)


def test_spreads_count_samples(garden):
    people = garden.population({"u1": {"home": "Kiel", "money": "EUR"}})
    home = {"address": ("home", "Kiel")}
    kept = [
        garden.sample("1", "u1", known=home | {"gift": ("home", "Kiel")}),  # twice in one sample
        garden.sample("2", "u1", known=home),
        garden.sample("3", "u1", "Bees", context="tools"),
    ]
    twice = kept[1]._replace(id="4", calls=(("buyAnts", "buy"), ("buyAnts", "buy")))
    apis = covered([*kept, twice], [people]).apis()
    assert (apis.used, apis.offered) == (2, 6)
    assert list(apis.counts.items()) == [("garden/Ants/buyAnts", 3), ("garden/Bees/buyBees", 1)]
    found = covered(kept, [people])
    assert found.features().model_dump() == {"used": 1, "offered": 2, "counts": {"home": 2}}
    assert found.contexts().counts == {"garden/flowers": 2, "garden/tools": 1}
    assert found.platforms() == {"garden": {"Ants": 2, "Bees": 1, "Cats": 0}}
    assert found.parameters() == 1.0
    assert found.origins() == {"query": 0, "profile": 3, "default": 0}


def test_a_spread_lists_the_400_most_used(garden):
    kept = [garden.sample(f"{n}", "u1", context=f"c{n % 500:03}") for n in range(900)]
    found = covered(kept, []).contexts()
    assert (found.used, found.offered, len(found.counts)) == (500, 500, 400)
    assert set(found.counts.values()) == {2}


def test_everything_measured_makes_the_statistics_of_a_run(garden):
    lived = [garden.history("u1", {"flowers": "Ants"}, [("Ants", "flowers", "got roses")])]
    kept = [garden.sample("1", "u1", query="roses please", known={"address": ("home", "Kiel")})]
    for some in (kept, []):
        noted = []
        parts = sample_statistics(
            some,
            {},
            [garden.population({"u1": {"home": "Kiel"}}, lived)],
            **HOW,
            note=lambda sample, quality, noted=noted: noted.append((sample.id, quality.only_profile)),
        )
        assert noted == [("1", ("calls[0].address",))][: len(some)]
        whole = Statistics(
            **parts, model="m", scripted=True, splits=(), funnel={}, reasons={}, gates=(), audit=None
        )
        assert whole.decidability.samples == len(some)
        assert Statistics.model_validate_json(whole.model_dump_json()) == whole
