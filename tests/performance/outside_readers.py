"""Whether readers from outside can use a dataset: they know no kit, and the first of them no gate of ptool's.

`python outside_readers.py RUN_FOLDER… [--model URL NAME]` prints a row for every scenario; the exit status
is 1 where a bar is missed, 2 where something cannot be read. It asks

- what others of the scenario ask for and this query names, though nothing of its answer carries it;
- an embedding model (extra `semantic`) for the kinds of need of queries and actions, and for the platform;
- with `--model`, a language model (an OpenAI-compatible endpoint that gives logprobs) for the letter of the
  kind of need, averaged over two orders of the kinds;
- how many queries share their most frequent beginning of a sentence.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from figures import lines
from ptool.environments.world import World
from ptool.errors import ConfigError
from ptool.records import Context, History, Profile
from ptool.synthesis.dataset.samples import CompactSample
from ptool.synthesis.dataset.statistics.diversity import QueryWords
from ptool.synthesis.dataset.statistics.general_reader import load_reader, read_generally
from ptool.synthesis.population import Population
from ptool.trees import ApiTree, from_json

BARS: dict[str, tuple[float, float]] = {
    "outside": (0, 0.01),
    "queries": (0.70, 1),
    "actions": (0.75, 1),
    "platforms": (0.75, 1),
    "model": (0.70, 1),
}
"""Column -> the shares it may have in a scenario; for actions and platforms the average counts."""
AVERAGES: dict[str, tuple[float, float]] = {"queries": (0.80, 1), "model": (0.80, 1)}
"""Column -> the shares its average may have, where they differ."""
STOCK = 0.05
"""The largest share of queries with one beginning of a sentence."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass
class Place:
    """One scenario of a run with everything that was asked in it."""

    kinds: tuple[Context, ...]
    samples: list[dict[str, Any]] = field(default_factory=list)
    context: dict[str, str] = field(default_factory=dict)
    """sample -> its kind of need"""


def main() -> int:
    """Read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_FOLDER")
    parser.add_argument(
        "--model", nargs=2, metavar=("URL", "NAME"), help="such as http://127.0.0.1:8000/v1 qwen"
    )
    parser.add_argument("--queries", type=int, default=16, help="of a scenario, for the model")
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    table: dict[str, dict[str, float]] = {}
    missed = 0
    try:
        reader = load_reader()
        for run in words.runs:
            places = read_places(run)
            columns = {"outside": outside_shares(places), **embedding_shares(reader, run, places)}
            if words.model:
                columns["model"] = asyncio.run(ask_places(*words.model, places, words.queries, words.seed))
            for name in places:
                table[name] = {column: found[name] for column, found in columns.items()}
            queries = QueryWords()
            for place in places.values():
                for sample in place.samples:
                    queries.add(sample["query"])
            phrase, share = queries.stock_phrase()
            missed += share > STOCK
            begin = f"{share:.1%} begin a sentence with {phrase!r}{mark(share <= STOCK)}"
            print(f"{run}: {queries.texts} queries; {begin}")
    except (ConfigError, OSError, aiohttp.ClientError) as error:
        print(f"outside_readers: {type(error).__name__}: {error}")
        return 2
    return 1 if missed + print_table(table) else 0


def mark(reached: bool) -> str:
    """What stands behind a figure."""
    return "" if reached else " MISSED"


def print_table(table: dict[str, dict[str, float]]) -> int:
    """A row for every scenario and one of averages; how many bars are missed."""
    columns = list(next(iter(table.values())))
    missed = 0
    print(f"{'':<16}" + "".join(f"{column:>18}" for column in columns))
    average = {column: sum(row[column] for row in table.values()) / len(table) for column in columns}
    for name, row in {**table, "average": average}.items():
        cells = []
        for column, value in row.items():
            bar = AVERAGES.get(column, BARS[column]) if name == "average" else BARS[column]
            judged = name == "average" or column not in ("actions", "platforms")
            reached = not judged or bar[0] <= value <= bar[1]
            missed += not reached
            cells.append(f"{f'{value:.1%}{mark(reached)}':>18}")
        print(f"{name:<16}" + "".join(cells))
    return missed


def read_places(run: Path) -> dict[str, Place]:
    """Scenario -> what was asked there, its own people's and that of those held out."""
    places: dict[str, Place] = {}
    for folder in folders(run):
        for name, world in tree(folder).worlds().items():
            places[name] = Place(world.contexts)
        for task in lines(folder / "tasks.jsonl"):
            places[task["scenario"]].context[task["id"]] = task["context"]
    for file in sorted({row["file"] for row in lines(run / "dataset/index.jsonl")}):
        for sample in lines(run / "dataset" / file):
            if not sample.get("twin_of"):  # a twin's words are those of its original
                places[sample["scenario"]].samples.append(sample)
    return {name: place for name, place in places.items() if place.samples}


def folders(run: Path) -> list[Path]:
    """Where trees and people are: the run's own, and those held out."""
    return [folder for folder in (run, run / "unseen") if (folder / "api_tree.json").exists()] or [run]


def tree(folder: Path) -> ApiTree:
    """The API tree of a population."""
    return ApiTree(from_json((folder / "api_tree.json").read_bytes(), str(folder)))


# -- what others ask for


def outside_shares(places: dict[str, Place]) -> dict[str, float]:
    """Scenario -> share of queries that name a thing which nothing carries."""
    return {
        name: sum(any(found) for found in map(list, dropped_things(place.samples))) / len(place.samples)
        for name, place in places.items()
    }


def dropped_things(samples: list[dict[str, Any]]) -> Iterator[list[str]]:
    """For every sample, what other samples ask for, its query names, and nothing of the answer carries."""
    things = [set(asked_things(sample)) for sample in samples]
    asked = Counter(thing for own in things for thing in own)
    starting: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for thing in sorted(asked, key=len, reverse=True):
        starting[thing[0]].append(thing)
    for sample, own in zip(samples, things, strict=True):
        carried = [texts for argument in sample["origins"] for texts in spoken(argument)]
        carried = [words_of(text) for text in (*carried, sample["platform_evidence"]["words"] or "")]
        described = called_words(sample)
        words = words_of(sample["query"])
        taken = [False] * len(words)
        for at in range(len(words)):
            for thing in carried:
                if thing and words[at : at + len(thing)] == thing:
                    taken[at : at + len(thing)] = [True] * len(thing)
        dropped = []
        for at, word in enumerate(words):
            for thing in starting[word]:
                end = at + len(thing)
                if words[at:end] == thing and not any(taken[at:end]):
                    if asked[thing] > (thing in own) and not set(thing) <= described:
                        dropped.append(" ".join(thing))
                    taken[at:end] = [True] * len(thing)
                    break
        yield dropped


def asked_things(sample: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """What the query states for its arguments: literal texts, and the words for an option or a yes or no."""
    for argument in sample["origins"]:
        if argument["origin"] == "query":
            for text in spoken(argument):
                words = words_of(text)
                if any(len(word) > 2 and word.isalpha() for word in words):
                    yield words


def spoken(argument: dict[str, Any]) -> list[str]:
    """The texts that stand for an argument: its words, and every text of its value."""
    value = argument["value"]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return [
        *filter(None, [argument["evidence"]["words"]]),
        *(part for part in parts if isinstance(part, str)),
    ]


def called_words(sample: dict[str, Any]) -> set[str]:
    """The words by which the called functions are described: name, sentence, parameters and options."""
    called = {api for call in sample["answer"][1] for api in call}
    mine = {platform["name"]: set(platform["apis"]) for platform in sample["platforms"]}[sample["answer"][0]]
    tools = [tool.get("function", tool) for tool in sample["tools"]]
    texts = [str(tool) for tool in tools if tool["name"] in called & mine]
    return {word.casefold() for text in texts for word in _PART.findall(text)}


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in one case."""
    return tuple(word.casefold() for word in _WORD.findall(text))


# -- the embedding model


def embedding_shares(reader: Any, run: Path, places: dict[str, Place]) -> dict[str, dict[str, float]]:
    """Column -> scenario -> share that the embedding model finds."""
    populations: list[Population] = []
    samples: list[CompactSample] = []
    for number, folder in enumerate(folders(run)):
        profiles = [Profile.model_validate(row["profile"]) for row in lines(folder / "profiles.jsonl")]
        histories = [History.model_validate(row) for row in lines(folder / "histories.jsonl")]
        worlds = {
            name: World(world, profiles=profiles, histories=histories)
            for name, world in tree(folder).worlds().items()
        }
        populations.append(Population(str(number), worlds))
        for name in worlds:
            if place := places.get(name):
                samples += [compact(sample, str(number), place) for sample in place.samples]
    found = read_generally(reader, samples, populations, seed=0).by_scenario
    return {
        column: {name: getattr(found[name], column) for name in places}
        for column in ("queries", "actions", "platforms")
    }


def compact(sample: dict[str, Any], population: str, place: Place) -> CompactSample:
    """What the embedding model's figures need of a sample."""
    platform, calls = sample["answer"]
    return CompactSample(
        id=sample["id"],
        population=population,
        scenario=sample["scenario"],
        user=sample["user_id"],
        context=place.context[sample["id"]],
        platform=platform,
        query=sample["query"],
        calls=tuple((api, sample["capabilities"][api]) for call in calls for api in call),
        arguments=(),
    )


# -- a language model


async def ask_places(
    url: str, model: str, places: dict[str, Place], queries: int, seed: int
) -> dict[str, float]:
    """Scenario -> share of its drawn queries whose kind of need the model names."""
    shares: dict[str, float] = {}
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for name, place in places.items():
            drawn = random.Random(f"{seed} {name}").sample(place.samples, min(queries, len(place.samples)))
            chances: dict[str, Counter[str]] = {sample["id"]: Counter() for sample in drawn}
            for kinds in (place.kinds, place.kinds[::-1]):  # order by order: the prompts begin alike
                for sample in drawn:
                    chance = await letter_chances(session, url, model, kinds, sample["query"])
                    chances[sample["id"]].update(chance)
            right = [max(chances[id], key=chances[id].__getitem__) == place.context[id] for id in chances]
            shares[name] = sum(right) / len(right)
            print(f"{name}: the model is right about {sum(right)} of {len(right)}", flush=True)
    return shares


async def answered(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> Any:
    """The endpoint's answer; a connection that breaks is tried again twice."""
    for wait in (5, 30):
        try:
            return await post(session, url, body)
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(wait)
    return await post(session, url, body)


async def post(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> Any:
    """The endpoint's answer."""
    async with session.post(url, json=body) as response:
        response.raise_for_status()
        return await response.json()


async def letter_chances(
    session: aiohttp.ClientSession, url: str, model: str, kinds: tuple[Context, ...], query: str
) -> dict[str, float]:
    """Kind of need -> the chance that the model names its letter; together 1.

    The question is short and stands behind the query: with descriptions of the kinds, before the query, a
    model of 1.5B falls back to its favourite kind (measured: 36 to 67 % right).
    """
    letters = {chr(ord("A") + number): kind for number, kind in enumerate(kinds)}
    options = "\n".join(f"{letter}. {kind.name.replace('_', ' ')}" for letter, kind in letters.items())
    question = f'A customer writes: "{query}" Which kind of need is it about?\n{options}'
    messages = [
        {"role": "system", "content": "Answer multiple-choice questions with one letter."},
        {"role": "user", "content": f"Question: {question}\nAnswer:"},
    ]
    body = {
        "model": model,
        "messages": messages,
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 20,
    }
    answer = await answered(session, f"{url.rstrip('/')}/chat/completions", body)
    chances = dict.fromkeys((kind.name for kind in kinds), 1e-9)
    try:
        tokens = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    except (KeyError, IndexError, TypeError):
        raise ConfigError(
            f"{url}: the answer of {model!r} has no logprobs; ask an endpoint that gives them"
        ) from None
    for token in tokens:
        if kind := letters.get(token["token"].strip()):
            chances[kind.name] += math.exp(token["logprob"])
    total = sum(chances.values())
    return {name: chance / total for name, chance in chances.items()}


if __name__ == "__main__":
    raise SystemExit(main())
