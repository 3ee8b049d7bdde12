"""What an example in a prompt says is not data, and no list of words decides that."""

import pytest
from ptool.agents import Actor, PromptLoader
from ptool.agents.examples import copied_text, examples_of
from ptool.records import Actions

PROMPT = """Do so.
<example>{"capability":"reserve_millstone","description":"Reserves a millstone for a tide.",
"type":"text"}</example>
and then “outside of all examples here”."""
EXAMPLES = examples_of(PROMPT)


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("reserve_millstone", True),
        ("ReserveMillstone", True),
        ("reserve millstone!", True),
        ("Reserves a millstone for a tide.", True),
        ("It reserves a millstone for you", True),
        ("Reserves a table for a tide", False),
        ("text", False),
        ("capability", False),
        ("description", False),
        ("outside of all examples here", False),
        ("", False),
    ],
)
def test_a_value_or_some_words_in_a_row_are_a_copy(text, copied):
    assert copied_text(["fine", text], EXAMPLES, lambda: "") == (text if copied else None)


def test_words_that_the_data_shows_are_free():
    shown = '{"description": "Reserves a millstone for a tide."}'
    assert copied_text(["Reserves a millstone for a tide."], EXAMPLES, lambda: shown) is None
    assert copied_text(["reserve_millstone"], EXAMPLES, lambda: shown) == "reserve_millstone"


SEES = {
    "clusterer_lean": ["clustering"],
    "actor": ["scenario", "platforms", "profile.basic", "profile.implicit", "visits"],
} | {
    f"designer_{part}": ["scenario", "expansion"]
    for part in ("needs", "facts", "dimensions", "categories", "drafts", "twins")
}


@pytest.mark.parametrize("prompt", SEES)
def test_our_prompts_mark_their_examples(prompt):
    assert PromptLoader().load(prompt, "somebody", SEES[prompt]).examples


def test_a_role_refuses_a_copy_and_says_which_text_it_is():
    sees = SEES["actor"]
    role = Actor("actor", "actor", "ptool.records.Actions", sees)
    views = dict.fromkeys(sees, "")
    fine = Actions(actions=("Bought three tulips",))
    assert role.accept(fine, views) is fine
    with pytest.raises(ValueError, match=r"Asked the keeper .* comes from an example"):
        role.accept(Actions(actions=("Asked the keeper to polish a lens",)), views)
