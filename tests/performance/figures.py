"""Figures of a finished run, read from its files: sizes, shares, coverage, near-duplicates, latent values."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from ptool.records.shared_parts import SharedParts


def lines(path: Path) -> Iterator[dict]:
    """The records of a JSONL file; samples with what they share."""
    shared = SharedParts(path.parent)
    with path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            yield shared.join(record) if "answer" in record and "origins" in record else record


def tokens(text: str) -> frozenset[str]:
    """Words and numbers of a text, case-folded."""
    return frozenset(re.findall(r"\w+", text.casefold()))


def near_duplicates(texts: Iterable[str], threshold: float = 0.9) -> int:
    """How many texts have an earlier one with token Jaccard >= threshold. Exact, by prefix filtering."""
    sets = [tokens(text) for text in texts]
    rarity = Counter(token for one in sets for token in one)
    index: dict[str, list[int]] = defaultdict(list)
    found = 0
    for number, one in enumerate(sets):
        ordered = sorted(one, key=lambda token: (rarity[token], token))
        prefix = ordered[: len(one) - math.ceil(threshold * len(one)) + 1]
        candidates = {other for token in prefix for other in index[token]}
        found += any(len(one & sets[c]) >= threshold * len(one | sets[c]) for c in candidates)
        for token in prefix:
            index[token].append(number)
    return found


def figures(folder: Path) -> dict[str, float]:
    """What a run came to: name -> number."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    stated = known = kept = 0
    used: set[tuple[str, str, str]] = set()
    places: Counter[tuple[str, str]] = Counter()
    types: Counter[str] = Counter()
    queries: list[str] = []
    latent = _latent(folder)
    told = 0
    for sample in lines(folder / "dataset/samples.jsonl"):
        kept += 1
        stated, known = stated + len(sample["query_params"]), known + len(sample["profile_params"])
        platform, calls = sample["answer"]
        used |= {(sample["scenario"], platform, api) for call in calls for api in call}
        places[sample["scenario"], platform] += 1
        types.update(type(one["value"]).__name__ for one in sample["origins"])
        queries.append(sample["query"])
        shown = json.dumps([sample["user_profile"], sample["query"], sample["answer"]], ensure_ascii=False)
        told += any(value in shown for value in latent[sample["user_id"]])
    preferred: dict[tuple[str, str], set[str]] = defaultdict(set)
    for history in lines(folder / "histories.jsonl"):
        for one in history["preferences"]:
            preferred[history["user_id"], history["scenario"]].add(one["platform"])
    users = {user for user, _ in preferred}
    varied = {user for (user, _), platforms in preferred.items() if len(platforms) > 1}
    totals: Counter[str] = Counter()
    for (scenario, _), count in places.items():
        totals[scenario] += count
    shares = [count / totals[scenario] for (scenario, _), count in places.items()]
    counts, funnel = manifest["counts"], manifest["funnel"]
    return {
        "samples": kept,
        "acceptance": kept / funnel["made"],
        "parameters a sample": (stated + known) / kept,
        "profile share": known / (stated + known),
        "users with varying preference": len(varied) / len(users),
        "platforms used": len(places) / counts["platforms"],
        "APIs used": len(used) / counts["APIs"],
        "least platform share": min(shares),
        "greatest platform share": max(shares),
        "near-duplicate queries": near_duplicates(queries) / kept,
        "samples that tell a latent value": told,
        **{f"values of type {name}": count for name, count in sorted(types.items())},
    }


def _latent(folder: Path) -> dict[str, list[str]]:
    """User -> texts of implicit features, long enough not to occur by chance."""
    return {
        one["profile"]["id"]: [
            v for v in one["profile"]["implicit"].values() if isinstance(v, str) and len(v) >= 8
        ]
        for one in lines(folder / "profiles.jsonl")
    }
