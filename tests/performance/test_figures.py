"""The near-duplicate count is exact, not a guess."""

import sys
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parent))
from figures import near_duplicates, tokens

TWENTY = " ".join(f"w{number}" for number in range(20))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["a b c", "c b a"], 1),  # the same words
        ([TWENTY, TWENTY + " more"], 1),  # 20/21
        ([TWENTY, TWENTY.replace("w3", "x")], 1),  # 19/21 = 0.905
        ([TWENTY, TWENTY.replace("w3", "x").replace("w4", "y")], 0),  # 18/22 = 0.82
        (["find milk", "find bread"], 0),
        (["a", "a", "a"], 2),
        ([], 0),
    ],
)
def test_near_duplicates(texts, found):
    assert near_duplicates(texts) == found


@given(st.lists(st.lists(st.sampled_from("abcdefghijklmno"), min_size=1).map(" ".join), max_size=12))
def test_it_finds_what_comparing_all_pairs_finds(texts):
    def alike(one, other):
        return len(tokens(one) & tokens(other)) >= 0.9 * len(tokens(one) | tokens(other))

    later = {j for (i, one), (j, other) in combinations(enumerate(texts), 2) if alike(one, other)}

    assert near_duplicates(texts) == len(later)
