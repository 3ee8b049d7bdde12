"""The best one-to-one assignment of rows to columns, exactly, in whole numbers (Hungarian method).

It knows weights, not calls. Ties go to the lower column, so the result never depends on anything but the
weights.
"""

from __future__ import annotations

from collections.abc import Sequence


def best_assignment(weights: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Pairs (row, column), ascending by row, that use min(rows, columns) of them and have the greatest
    total weight.

    Args:
        weights: rows x columns; O(rows² · columns).
    """
    if not weights or not weights[0]:
        return []
    if len(weights) > len(weights[0]):
        turned = [list(column) for column in zip(*weights, strict=True)]
        return sorted((row, column) for column, row in best_assignment(turned))
    matched = _hungarian(weights)
    return sorted((row, column) for column, row in enumerate(matched) if row is not None)


def _hungarian(weights: Sequence[Sequence[int]]) -> list[int | None]:
    """Column -> its row, by shortest augmenting paths on potentials; rows <= columns."""
    rows, columns = len(weights), len(weights[0])
    row_potential, column_potential = [0] * (rows + 1), [0] * (columns + 1)
    owner: list[int | None] = [None] * (columns + 1)  # the last column is where a path starts
    for row in range(rows):
        owner[columns] = row
        least: list[int | None] = [None] * columns
        before, visited, here = [columns] * columns, [False] * (columns + 1), columns
        while (current := owner[here]) is not None:
            visited[here] = True
            for column in range(columns):
                if visited[column]:
                    continue
                slack = -weights[current][column] - row_potential[current] - column_potential[column]
                known = least[column]
                if known is None or slack < known:
                    least[column], before[column] = slack, here
            delta, nearest = min(
                (slack, column)
                for column, slack in enumerate(least)
                if slack is not None and not visited[column]
            )
            for column in range(columns + 1):
                if visited[column]:
                    owned = owner[column]
                    assert owned is not None
                    row_potential[owned] += delta
                    column_potential[column] -= delta
                elif column < columns and (slack := least[column]) is not None:
                    least[column] = slack - delta
            here = nearest
        while here != columns:
            owner[here] = owner[before[here]]
            here = before[here]
    return owner[:columns]
