"""The assignment is the best one, by comparison with trying all of them."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark.matching.strict import best_assignment


@pytest.mark.parametrize(
    ("weights", "pairs"),
    [
        ([], []),
        ([[]], []),
        ([[5]], [(0, 0)]),
        ([[3, 2], [3, 0]], [(0, 1), (1, 0)]),  # the greedy choice (0, 0) would cost two
        ([[1], [2], [3]], [(2, 0)]),
        ([[-5, -1]], [(0, 1)]),
        ([[0, 0], [0, 0]], [(0, 0), (1, 1)]),
    ],
)
def test_small(weights: list[list[int]], pairs: list[tuple[int, int]]) -> None:
    assert best_assignment(weights) == pairs


@st.composite
def matrices(draw: st.DrawFn) -> list[list[int]]:
    """Up to 5 x 5, many ties."""
    columns = draw(st.integers(1, 5))
    row = st.lists(st.integers(-3, 6) | st.just(1 << 40), min_size=columns, max_size=columns)
    return draw(st.lists(row, min_size=1, max_size=5))


def greatest(weights: list[list[int]]) -> int:
    """By trying every assignment."""
    rows, columns = len(weights), len(weights[0])
    if rows > columns:
        return greatest([list(column) for column in zip(*weights, strict=True)])
    return max(
        sum(weights[r][c] for r, c in enumerate(chosen)) for chosen in permutations(range(columns), rows)
    )


@given(matrices())
def test_no_assignment_is_better(weights: list[list[int]]) -> None:
    pairs = best_assignment(weights)
    assert len(pairs) == min(len(weights), len(weights[0]))
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert sum(weights[row][column] for row, column in pairs) == greatest(weights)


def test_a_hundred_by_a_hundred() -> None:
    weights = [[(row * 37 + column * 61) % 101 for column in range(100)] for row in range(100)]
    shifted = [
        [value + (column == (row + 1) % 100) * 1000 for column, value in enumerate(line)]
        for row, line in enumerate(weights)
    ]
    assert best_assignment(shifted) == [(row, (row + 1) % 100) for row in range(100)]
