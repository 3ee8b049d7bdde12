"""People at the review page in a real browser: by keyboard alone, several at once, attacked in every text."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ptool.reviews import ReviewStore
from review_server import Person, Server, chromium, person, serving
from review_site import tiny_run

sys.path.append(str(Path(__file__).parents[1] / "reports"))

pytestmark = pytest.mark.slow

ORDER = "tiny-u0002-0004"
ACCEPT = ("o", "o", "o", "Enter")


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tiny_run(tmp_path)


@pytest.fixture
def server(run: Path) -> Iterator[Server]:
    with serving(run) as up:
        yield up


@pytest.fixture
def ada(started: Any, server: Server) -> Iterator[Person]:
    one = person(started, server.base, "Ada")
    yield one
    one.page.context.close()
    assert (one.dialogs, one.strange) == ([], [])


def test_twenty_reviews_by_keyboard_alone(ada: Person, run: Path) -> None:
    ada.go("w")
    for done in range(20):
        ada.page.locator("article.sample").wait_for()
        assert ada.saved() == done
        ada.press(*(("o", "r", "o", "Enter") if done % 5 == 4 else ACCEPT))
        ada.page.locator(".done label", has_text=f"{done + 1} of 20").wait_for()
    assert ada.page.locator("h1").inner_text() == "Queue"
    with ReviewStore(run, readonly=True) as store:
        states = store.progress("Ada", "criteria").states
        assert (states["accepted"], states["rejected"]) == (16, 4)
        assert sum(review.seconds for review in store.database.all_reviews()) > 0


def test_undo_skip_comment_and_second_look_by_keyboard(ada: Person, run: Path) -> None:
    ada.go("w")
    first = ada.page.locator("h1").inner_text()
    ada.press("c")
    ada.page.keyboard.type("is this so?")
    ada.press("Escape", "l", "s")
    ada.wait_for(f"Skipped {first}")
    ada.press("u")
    ada.wait_for(f"Taken back: {first}")
    ada.press("u")
    ada.wait_for("There is nothing of yours to take back.")
    ada.open(f"/review?show=all&sample={first}")
    ada.press(*ACCEPT)
    ada.wait_for(f"Saved {first}")
    ada.go("n")
    ada.press("?")
    assert ada.page.locator("dialog[open]").count() == 1
    ada.press("Escape")
    assert ada.page.locator("dialog[open]").count() == 0
    ada.go("g")
    assert ada.page.locator("h1").inner_text() == "Queue"
    with ReviewStore(run, readonly=True) as store:
        history = store.history(first)
        assert [(each.status, each.comment, each.second_look) for each in history] == [
            ("skipped", "is this so?", True),
            ("withdrawn", "", False),
            ("done", "", False),
        ]


def test_letters_can_be_turned_off(ada: Person) -> None:
    ada.press("?")
    ada.page.locator("dialog[open]").wait_for()
    ada.page.locator("#letters").uncheck()
    ada.press("Escape", "w")
    assert ada.page.locator("h1").inner_text() == "Queue"
    ada.press("?")
    assert ada.page.locator("dialog[open]").count() == 1


def test_an_invalid_correction_is_refused_then_mended(ada: Person, run: Path) -> None:
    ada.open(f"/review?show=all&sample={ORDER}")
    ada.press("o", "o", "f")
    count = ada.page.get_by_role("textbox", name="count")
    count.fill("many")
    ada.press("Control+Enter")
    ada.wait_for("Not saved: 1 field needs mending.")
    assert ada.page.evaluate("document.activeElement.value") == "many"
    assert (
        "expected a whole number" in ada.page.locator(".field:has([aria-invalid=true]) .error").inner_text()
    )
    count.fill("")
    count.fill("9")
    ada.page.locator("input[name=mark-query][value=fix]").check()
    query = ada.page.get_by_label("The query as it should be")
    query.fill(query.input_value().replace("eight", "nine"))
    ada.press("Control+Enter")
    ada.wait_for(f"Saved {ORDER}")
    with ReviewStore(run, readonly=True) as store:
        assert store.verdict(ORDER).state == "corrected"


def test_labels_by_keyboard_and_what_differs_is_marked(ada: Person, run: Path) -> None:
    ada.open(f"/review?task=origins&show=all&sample={ORDER}")
    ada.press("q", "p", "p", "p", "p")
    evidence = ada.page.locator(".differs, [data-proves], [data-show]")
    assert evidence.count() == 0  # labels come first
    ada.press("Enter")
    ada.wait_for(f"Saved {ORDER}. Labels that differ")
    marked = ada.page.locator("fieldset:has(input:checked) .differs:visible")
    assert marked.all_inner_texts() == ["differs: recorded as query, “eight”"]
    assert evidence.count() > 0
    with ReviewStore(run, readonly=True) as store:
        review = store.review(ORDER, "origins", "Ada")
        assert [each.origin for each in review.content.labels] == ["query", *["profile"] * 4]


def test_evidence_lights_up_on_hover_and_on_focus(ada: Person) -> None:
    ada.open(f"/review?show=all&sample={ORDER}")
    lit = ada.page.locator("mark.lit")
    assert lit.count() == 0
    ada.page.locator("tr.argument").nth(1).hover()
    assert lit.all_inner_texts() == ["eight"]
    ada.page.mouse.move(0, 0)
    ada.press("e")
    assert "laundry powder" in lit.all_inner_texts()[0]
    ada.press("e", "e", "e")
    assert ada.page.locator("dl.facts .lit dt").all_inner_texts() == ["home_address"]
    ada.press("Enter")
    assert ada.page.locator("dl.facts .lit").is_visible()


def test_a_conflict_is_settled_by_a_third(ada: Person, started: Any, server: Server, run: Path) -> None:
    bo, cy = person(started, server.base, "Bo"), person(started, server.base, "Cy")
    for one, keys in ((ada, ACCEPT), (bo, ("o", "r", "o", "Enter"))):
        one.open(f"/review?show=all&sample={ORDER}")
        one.press(*keys)
        one.wait_for(f"Saved {ORDER}")
    cy.open("/review?task=adjudication&show=conflicts")
    assert cy.page.locator("tr.conflict").count() == 1
    assert cy.page.locator("fieldset.pick input:checked").count() == 2
    cy.press("r", "Enter")
    cy.wait_for(f"Saved {ORDER}")
    with ReviewStore(run, readonly=True) as store:
        assert store.verdict(ORDER).state == "rejected"


def test_two_tabs_race_and_the_loser_sees_both(ada: Person, started: Any, server: Server, run: Path) -> None:
    tab = person(started, server.base, "Ada")
    for one in (ada, tab):
        one.open(f"/review?show=all&sample={ORDER}")
    ada.press(*ACCEPT)
    ada.wait_for(f"Saved {ORDER}")
    tab.press("c")
    tab.page.keyboard.type("mine")
    tab.press("Escape", "r", "o", "o", "Enter")
    tab.wait_for("somebody saved this meanwhile")
    assert tab.page.locator(".side h3").all_inner_texts() == ["Yours, not saved", "Saved meanwhile"]
    assert tab.page.locator("#field-comment").input_value() == "mine"
    tab.page.get_by_role("button", name="Save and go on").click()
    tab.wait_for(f"Saved {ORDER}")
    with ReviewStore(run, readonly=True) as store:
        assert [each.content.query for each in store.history(ORDER)] == ["ok", "reject"]


def test_what_was_typed_outlives_the_server(ada: Person, server: Server) -> None:
    ada.open(f"/review?show=all&sample={ORDER}")
    ada.press("o", "o", "o", "c")
    ada.page.keyboard.type("kept")
    server.kill()
    ada.press("Control+Enter")
    ada.page.locator("#failed", has_text="the server does not answer").wait_for()
    assert ada.page.locator("#field-comment").input_value() == "kept"


def test_it_works_without_scripts(started: Any, server: Server, run: Path) -> None:
    one = person(started, server.base, "Ada", java_script_enabled=False)
    one.open(f"/review?show=all&sample={ORDER}")
    one.page.get_by_role("button", name="Save and go on").click()
    assert "Not saved: 3 fields need mending." in one.page.locator("#notice").inner_text()
    for name in ("query", "platform", "calls"):
        one.page.locator(f"input[name=mark-{name}][value=ok]").check()
    one.page.get_by_role("button", name="Save and go on").click()
    assert f"Saved {ORDER}" in one.page.locator("#notice").inner_text()
    one.page.get_by_role("button", name="Take it back").click()
    assert "Taken back" in one.page.locator("#notice").inner_text()


SIZES = {"desktop": (1280, 900), "phone": (390, 844), "narrow": (320, 640)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_fit_and_are_accessible(started: Any, server: Server, size: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    width, height = SIZES[size]
    options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "bypass_csp": True}
    one = person(started, server.base, "Ada", **options)
    for path in PAGES:
        one.open(path)
        fix = one.page.locator("input[value=fix]")
        for place in range(fix.count()):
            fix.nth(place).check()
        one.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        assert one.page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert one.page.evaluate(WIDER) == [], path
        found = axe.run(one.page).response["violations"]
        assert [(path, each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found
                if each["impact"] in ("serious", "critical")] == []  # fmt: skip
    one.page.context.close()


WIDER = """[...document.querySelectorAll('form.judge, fieldset, .side')]
.filter((each) => each.scrollWidth > each.clientWidth + 2).map((each) => each.outerHTML.slice(0, 100))"""
"""What is wider than its place, and would have to be scrolled within a page that fits."""
PAGES = (
    "/", "/name", "/agreement", f"/review?show=all&sample={ORDER}",
    f"/review?task=origins&show=all&sample={ORDER}", f"/review?task=adjudication&show=all&sample={ORDER}",
)  # fmt: skip


def test_attacks_in_every_text_do_nothing(started: Any, tmp_path: Path) -> None:
    """Of samples, and of what people type: nothing runs, nothing is fetched, no policy has to step in."""
    from report_runs import XSS, finished_run, hostile

    run = finished_run(tmp_path / "run", hostile(), file="samples.jsonl")
    with serving(run) as server:
        one = person(started, server.base, "<script>alert(1)</script>")
        with ReviewStore(run, readonly=True) as store:
            ids = list(store.catalogue.entries)
        for number, attack in enumerate(XSS):
            one.open("/review?show=all&task=criteria")
            one.page.locator("#field-comment").fill(attack.replace("\x00", ""))
            one.page.locator("input[name=mark-query][value=fix]").check()
            one.page.locator("[name=query]").fill(attack.replace("\x00", ""))
            one.press("Control+Enter")
            one.page.locator("#notice").wait_for()
            if number % 10 == 0:
                for task in ("criteria", "origins", "adjudication"):
                    one.page.evaluate(
                        "document.querySelectorAll('details').forEach((each) => { each.open = true })"
                    )
                    one.page.goto(f"{server.base}/review?show=all&task={task}")
                    one.page.goto(f"{server.base}/?show=all&task={task}")
        assert ids
        attack_where_people_disagree(started, server.base, ids[0], XSS)
        shown = one.page.locator("body").inner_text()
        assert "<script>alert(1)</script>" in shown
        one.page.wait_for_timeout(1_000)
        assert (one.dialogs, one.strange) == ([], [])
        assert [error for error in one.errors if "422" not in error] == []


def attack_where_people_disagree(started: Any, base: str, id: str, attacks: Sequence[str]) -> None:
    """The pages of a conflict and of a lost race, with attacks in names and in what people said."""
    for number, attack in enumerate(attacks[::12]):
        name = "".join(letter for letter in attack if letter.isprintable())[:34] + str(number)
        first, second = person(started, base, name), person(started, base, name)
        for tab in (first, second):
            tab.open(f"/review?show=all&task=criteria&sample={id}")
            for mark in ("query", "platform", "calls"):
                chosen = "reject" if number % 2 and mark == "platform" else "ok"
                tab.page.locator(f"input[name=mark-{mark}][value={chosen}]").check()
            tab.page.locator("#field-comment").fill(attack.replace("\x00", ""))
        first.press("Control+Enter")
        first.wait_for("Saved")
        second.press("Control+Enter")
        second.wait_for("somebody saved this meanwhile")
        assert second.page.locator(".side").count() == 2
        second.open(f"/review?show=all&task=adjudication&sample={id}")
        assert second.page.locator(".side").count() == number + 1
        for tab in (first, second):
            assert (tab.dialogs, tab.strange) == ([], [])
            assert [error for error in tab.errors if "409" not in error] == []
            tab.page.context.close()
