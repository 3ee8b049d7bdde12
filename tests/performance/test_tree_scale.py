"""Four times the leaves are four times the work, whatever the clock says: calls of functions are counted."""

import sys

import tree_scale
from ptool.trees import expansion_views, offers


def function_calls(leaves: int) -> int:
    """Calls of Python's functions and of built-in ones while all trees are built."""
    count = 0

    def counted(_frame, event, _what):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        tree_scale.build(leaves)
    finally:
        sys.setprofile(None)
    return count


def test_building_grows_in_proportion_to_the_leaves(monkeypatch):
    for module in (expansion_views, offers):
        monkeypatch.setattr(module, "MOST_SHOWN", 8)  # as in a tree that is very much larger
    tree_scale.build(40)  # what is done once for a process
    small, large = (function_calls(leaves) for leaves in (200, 800))
    assert large < 4.6 * small
