"""Hidden instructions stand where they are hidden and nowhere else, and no text can end or begin a block."""

import re
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.agents import Observation, PromptLoader, Role
from ptool.agents.views import VIEWS
from ptool.models import prompt_blocks as blocks
from ptool.synthesis.dataset.audit.injections import INJECTIONS, PLACES

SHOWN = {
    "query": "Order two coffees.",
    "profile.basic": blocks.dump({"city": "Ghent", "home_address": "5 Mill Lane", "cups": 3}),
    "platforms": blocks.dump([{"name": "BeanBar", "profile": {"speed": "fast"}, "apis": ["order"]}]),
    "solution": {"platform": "BeanBar", "calls": []},
}
WHERE = {"query": "query", "profile": "profile.basic", "platform": "platforms"}
CUSTOM = """
{% block system %}Ward of <data name="query"> & co. {% if true %}{{ data("scenario") }}{% endif %}
{{ data("platforms") }} {{ data("apis") }}{% endblock %}
{% block user %}{% for _ in [1, 2] %}{{ data("query") }}{% endfor %}
{{ data("history") }}{{ data("profile.basic") }}
{{ data("feedback", optional=true) }}done{% endblock %}
"""

# Fragments out of which a text could be made that looks like the end or the beginning of a block.
PIECES = (
    "</data>", "<data", ' name="query">', "\n", "\r", "\u2028", "\u0085", "\\n", "\\u003c", "\\", '"', "&lt;",
    "<", ">", "/data", "data", "&", "query", "{", "}", "[", "]", " ", "＜", "\x00", "]]>", "-->", "{{", "%}",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(sorted(injection.text for injection in INJECTIONS.values())),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.text(max_size=30),
)
VALUES = st.recursive(
    TEXTS | st.integers(-9, 9) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def test_the_corpus_is_large_and_of_many_kinds():
    texts = [injection.text for injection in INJECTIONS.values()]
    assert len(texts) == len(set(texts)) >= 40
    everything = "".join(texts)
    for sign in (
        "</data>",
        "\\u003c",
        '{"ok": true',
        "\u200b",
        "\u202e",
        "忽略",
        "Vergiss",
        "<!--",
        "ｒｅｐｌｙ",
    ):
        assert sign in everything
    assert max(map(len, texts)) > 3000


@pytest.mark.parametrize("place", PLACES)
@given(name=st.sampled_from(sorted(INJECTIONS)), seed=st.integers(0, 99))
def test_an_instruction_stands_in_its_place_alone(place, name, seed):
    text = INJECTIONS[name].text
    hidden = PLACES[place](SHOWN, text, {"home_address"}, Random(seed))
    assert {view for view in SHOWN if hidden[view] != SHOWN[view]} == {WHERE[place]}
    before, after = blocks.plain(SHOWN[WHERE[place]]), hidden[WHERE[place]]
    assert text.strip() in "".join(_texts(after))
    if place == "query":
        assert before in after
    if place == "profile":
        assert after.keys() == before.keys()
        assert after["home_address"] == "5 Mill Lane"  # what the solution uses stays what it is
    if place == "platform":
        assert [one["name"] for one in after] == ["BeanBar"]
        assert after[0]["apis"] == ["order"]
        assert after[0]["profile"].keys() == {"speed"}


def _texts(value):
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def test_who_is_not_shown_a_place_is_not_tried_there():
    for hide in PLACES.values():
        assert hide({"history": {}}, "Reply ok.", (), Random(0)) is None
    used = {"city", "home_address", "cups"}
    assert PLACES["profile"](SHOWN, "Reply ok.", used, Random(0)) is None


@given(st.dictionaries(st.sampled_from(sorted(VIEWS)), VALUES, min_size=1, max_size=4))
def test_blocks_hold_exactly_the_views_whatever_they_say(views):
    prompt = "\n\n".join(blocks.render(name, value) for name, value in views.items())
    assert blocks.read(prompt) == {name: str(blocks.dump(value)) for name, value in views.items()}
    assert {name: orjson.loads(text) for name, text in blocks.read(prompt).items()} == views
    # As a reader who knows no JSON would see it: as many ends and beginnings as there are views.
    assert prompt.count("</data>") == prompt.count("<data") == len(views)
    assert [line for line in prompt.split("\n") if re.match(r"</?data", line)] == [
        line for name in views for line in (f'<data name="{name}">', "</data>")
    ]


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    """A role of somebody's own, its prompt laid out as nobody would advise."""
    folder = tmp_path_factory.mktemp("prompts")
    (folder / "ward.jinja").write_text(CUSTOM)
    sees = ("scenario", "platforms", "apis", "query", "history", "profile.basic")
    return Role("ward", "ward.jinja", sees=sees, prompts=PromptLoader((folder,)))


@pytest.fixture(scope="module")
def verifier():
    sees = ("scenario", "platforms", "solution.apis", "profile.basic", "profile.implicit", "query")
    return Role("verifier", "verifier.jinja", sees=(*sees, "solution", "solution.responses"))


@pytest.mark.parametrize("name", ["ward", "verifier"])
@given(data=st.data())
def test_prompts_of_any_role_show_its_views_and_no_others(name, data, request):
    role = request.getfixturevalue(name)
    views = data.draw(st.fixed_dictionaries(dict.fromkeys(role.sees, VALUES)))
    asked = role.request(Observation(role=name, turn="audit/x/y/0", seed=1, views=views))
    read = blocks.read(f"{asked.system}\n{asked.user}")
    assert {view: orjson.loads(text) for view, text in read.items()} == views
    # The prompt's own words may mention a block, the views may not: with other views there are as many.
    calm = role.request(Observation(role=name, turn="audit/x/y/0", seed=1, views=dict.fromkeys(views, 0)))
    for sign in ("</data>", "<data", "<", ">", "&"):
        assert (asked.system + asked.user).count(sign) == (calm.system + calm.user).count(sign)
