"""How many bundles each layer of the feature tree gets, so that there are enough people (§4.2)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..errors import TreeError


def layer_sizes(users: int, layers: int) -> list[int]:
    """Choose k_l for every layer, top first, such that N = prod k_l >= users (§4.2).

    Of all choices the one with the smallest sum (each answer of the model stays short), then with the
    smallest product, then the most balanced; larger numbers stand at the top. So 16 users in 3 layers give
    [4, 2, 2], 80 give [5, 4, 4], and 7 give [2, 2, 2].

    Raises:
        TreeError: fewer than one user or layer.
    """
    if users < 1 or layers < 1:
        raise TreeError(f"assignment: got {users} users in {layers} layers, expected at least 1 of each")
    total = layers
    while _largest_product(total, layers) < users:
        total += 1
    choices = [sizes for sizes in _partitions(total, layers, total) if math.prod(sizes) >= users]
    return list(min(choices, key=lambda sizes: (math.prod(sizes), sizes)))


def spread_evenly(users: int, total: int) -> list[int]:
    """Which `users` of `total` people to keep so that they lie evenly over the tree's branches."""
    return [number * total // users for number in range(users)]


def _largest_product(total: int, parts: int) -> int:
    each, more = divmod(total, parts)
    return (each + 1) ** more * each ** (parts - more)


def _partitions(total: int, parts: int, largest: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        if total <= largest:
            yield (total,)
        return
    for first in range(min(largest, total - parts + 1), 0, -1):
        if first * parts < total:
            return
        yield from ((first, *rest) for rest in _partitions(total - first, parts - 1, first))


def branch_numbers(number: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """The way from the persona down to a person: number of the bundle taken in every layer."""
    way: list[int] = []
    for size in reversed(sizes):
        number, place = divmod(number, size)
        way.insert(0, place)
    return tuple(way)
