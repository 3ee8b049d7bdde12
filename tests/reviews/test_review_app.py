"""The review page without a browser: what is shown, saved, refused, and said about it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from ptool.reviews.catalogue import ELSEWHERE
from ptool.store.files import read_jsonl
from review_site import Site, errors_in, fields_in, said, site_of, tiny_run

ORDER = "tiny-u0002-0004"
"""Order laundry powder, eight of them; its answer is one call of CornerCart."""
ALL_OK = {"mark-query": "ok", "mark-platform": "ok", "mark-calls": "ok"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_of(tiny_run(tmp_path), annotators=["Ada", "Bo"]) as opened:
        yield opened


async def test_the_way_from_the_link_to_the_first_sample(site: Site) -> None:
    entered = await site.get(f"/?token={site.access.token}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert (await site.get("/")).headers["location"] == "/name"
    assert "Ada" in (await site.get("/name")).text
    assert (await site.post("/name", {"annotator": "Ada"})).headers["location"] == "/"
    queue = await site.get("/")
    assert "Start with the first" in queue.text
    first = await site.get("/review?task=criteria&show=open")
    page = await site.get(first.headers["location"])
    assert page.status_code == 200
    assert "Query reasonableness" in page.text


@pytest.mark.parametrize("name", ["", "   ", "a\u202eb", "x" * 41, "\x00"])
async def test_a_name_that_is_none_is_refused_beside_the_field(site: Site, name: str) -> None:
    await site.get(f"/?token={site.access.token}")
    page = await site.post("/name", {"other": name})
    assert page.status_code == 422
    assert len(errors_in(page)) == 1


async def test_a_sample_shows_what_proves_each_argument(site: Site) -> None:
    await site.enter("Ada")
    page = (await site.get(f"/review?show=all&sample={ORDER}")).text
    assert '<mark class="n0" data-proves="1 0">laundry powder</mark>' in page
    assert '<mark class="n1" data-proves="2">eight</mark>' in page
    assert 'data-proves="3"><dt>home_address</dt>' in page
    assert page.count("data-argument=") == 6  # five arguments and the platform


async def test_this_scenario_stands_first_in_the_history(tmp_path: Path) -> None:
    from ptool.records import Sample
    from ptool.reviews.server.sample_view import view_sample

    with site_of(tiny_run(tmp_path)) as site:
        sample = site.store.sample(ORDER)
    history = {"zoo": [{"platform": "Z", "action": "z"}], **sample.user_profile.user_history}
    profile = sample.user_profile.model_copy(update={"user_history": history})
    view = view_sample(Sample.model_validate(sample.model_copy(update={"user_profile": profile})))
    assert [scenario for scenario, _ in view.histories] == ["tiny", "zoo"]
    assert any(visit.proves for visit in view.histories[0][1])


async def test_a_save_goes_on_to_the_next_and_can_be_taken_back(site: Site) -> None:
    await site.enter("Cy")
    saved = await site.save(ORDER, {**ALL_OK, "comment": "fine", "seconds": "12.5"})
    following = await site.get(saved.headers["location"])
    assert said(following).startswith(f"Saved {ORDER}.")
    review = site.store.review(ORDER, "criteria", "Cy")
    assert review is not None
    assert (review.comment, review.seconds, review.version) == ("fine", 12.5, 1)
    undone = await site.get((await site.post("/undo", {"task": "criteria"})).headers["location"])
    assert said(undone) == f"Taken back: {ORDER} is as it was before."
    assert site.store.review(ORDER, "criteria", "Cy") is None
    assert undone.text.count("data-undo>") == 1  # and from here on back further, step by step
    nothing = await site.post("/undo", {})
    assert "nothing" in nothing.headers["location"]


async def test_a_skip_needs_no_marks(site: Site) -> None:
    await site.enter("Cy")
    await site.save(ORDER, {"status": "skipped", "comment": "later"})
    review = site.store.review(ORDER, "criteria", "Cy")
    assert review is not None
    assert (review.status, review.content, review.comment) == ("skipped", None, "later")
    assert ORDER in (await site.get("/?show=skipped")).text


async def test_marks_that_are_missing_are_asked_for(site: Site) -> None:
    await site.enter("Ada")
    page = await site.save(ORDER, {"mark-query": "ok"})
    assert page.status_code == 422
    assert errors_in(page) == ["expected ok, fix or reject"] * 2
    assert fields_in(page.text)["mark-query"] == "ok"
    assert site.store.reviews(ORDER) == []


async def _named(site: Site, text: str, sample: str = ORDER) -> str:
    """The name of the field in which a text stands."""
    page = await site.get(f"/review?show=all&sample={sample}")
    return next(name for name, held in fields_in(page.text).items() if held == text)


async def test_an_invalid_value_is_refused_beside_its_field_then_mended(site: Site) -> None:
    await site.enter("Ada")
    count = await _named(site, "8")
    page = await site.save(ORDER, ALL_OK | {"mark-calls": "fix", count: "many"})
    assert page.status_code == 422
    field = page.text.partition(f'name="{count}"')[2].partition("</div>")[0]
    assert 'value="many"' in field
    assert 'aria-invalid="true"' in field
    assert "expected a whole number" in field
    assert count.replace("value", "words") not in fields_in(page.text)  # words would not mend it
    assert site.store.reviews(ORDER) == []

    again = fields_in(page.text) | {"status": "done", count: "9"}
    unfounded = await site.post("/review", again)
    assert "stands neither in the query nor in the profile" in errors_in(unfounded)[0]

    query = again["query"].replace("eight", "nine")
    mended = await site.post("/review", again | {"mark-query": "fix", "query": query})
    assert (mended.status_code, errors_in(mended)) == (303, [])
    verdict = site.store.verdict(ORDER)
    assert verdict.state == "corrected"
    assert verdict.criteria is not None
    assert verdict.criteria.correction is not None
    assert verdict.criteria.correction.calls[0].arguments["count"] == 9


async def test_words_state_a_value_that_code_does_not_find(site: Site) -> None:
    await site.enter("Ada")
    asked = "tiny-u0003-0003"
    topic = await _named(site, "returns", asked)
    query = "Please ask the shop when they are open, in my own language."
    fields = {"mark-calls": "fix", topic: "opening_hours", "mark-query": "fix", "query": query}
    page = await site.save(asked, ALL_OK | fields)
    words = topic.replace("value", "words")
    assert f'name="{words}"' in page.text
    again = fields_in(page.text) | {"status": "done"}
    elsewhere = await site.post("/review", again | {words: "when they close"})
    assert "does not stand in the query" in " ".join(errors_in(elsewhere))
    mended = await site.post("/review", again | {words: "when they are open"})
    assert (mended.status_code, errors_in(mended)) == (303, [])
    reopened = fields_in((await site.get(f"/review?show=all&sample={asked}")).text)
    assert (reopened[words], reopened[topic]) == ("when they are open", "opening_hours")


async def test_other_calls_are_written_as_json(site: Site) -> None:
    await site.enter("Ada")
    call = '[{"api": "findItem", "arguments": {"keyword": "laundry powder", "currency": "EUR"}}]'
    assert (await site.save(ORDER, ALL_OK | {"mark-calls": "fix", "calls": call})).status_code == 303
    reopened = fields_in((await site.get(f"/review?show=all&sample={ORDER}")).text)
    assert '"findItem"' in reopened["calls"]
    for text in ("[{", '[{"api": "nothing", "arguments": {}}]', "[" * 5_000, '[["findItem"]]'):
        page = await site.save(ORDER, ALL_OK | {"mark-calls": "fix", "calls": text})
        assert page.status_code == 422, text
        assert errors_in(page), text


async def test_a_fix_that_changes_nothing_is_asked_about(site: Site) -> None:
    await site.enter("Ada")
    page = await site.save(ORDER, ALL_OK | {"mark-query": "fix"})
    assert "nothing of it is changed" in errors_in(page)[0]


async def test_what_is_not_marked_fix_is_not_changed(site: Site) -> None:
    """A field that was touched and hidden again says nothing."""
    await site.enter("Ada")
    assert (await site.save(ORDER, ALL_OK | {"query": "Another one."})).status_code == 303
    assert site.store.verdict(ORDER).state == "accepted"


async def test_labels_and_where_they_differ_from_what_is_recorded(site: Site) -> None:
    await site.enter("Bo")
    page = await site.get(f"/review?task=origins&show=all&sample={ORDER}")
    assert "Label arguments" in page.text
    for told in ("differs", "data-proves", "data-show", "recorded as", "visits for such needs"):
        assert told not in page.text  # labels are given before anybody sees what is recorded
    labels = {f"origin-{number}": "profile" for number in range(1, 5)}
    refused = await site.save(ORDER, labels, "origins")
    assert errors_in(refused) == ["expected a label"]
    assert "data-proves" not in refused.text
    saved = await site.save(ORDER, labels | {"origin-5": "query"}, "origins")
    assert "did=differs" in saved.headers["location"]
    after = (await site.get(saved.headers["location"])).text
    assert "Labels that differ from what the sample records are marked below" in after
    assert after.count("differs: recorded as") == 5
    assert "data-proves" in after
    again = await site.save(ORDER, labels | {"origin-5": "query"}, "origins")
    assert "did=done" in again.headers["location"]  # whoever has seen it goes on
    review = site.store.review(ORDER, "origins", "Bo")
    assert review is not None
    assert [each.origin for each in review.content.labels] == ["profile"] * 4 + ["query"]
    reopened = (await site.get(f"/review?task=origins&show=all&sample={ORDER}")).text
    assert reopened.count("data-differs checked") == 3  # item, count, phone


async def test_a_conflict_is_seen_and_settled(site: Site) -> None:
    ada, bo, cy = site, site.other(), site.other()
    for person, name in ((ada, "Ada"), (bo, "Bo"), (cy, "Cy")):
        await person.enter(name)
    await ada.save(ORDER, ALL_OK)
    await bo.save(ORDER, ALL_OK | {"mark-platform": "reject", "comment": "<b>no</b>"})
    queue = await cy.get("/?task=adjudication&show=conflicts")
    assert ORDER in queue.text
    page = await cy.get(f"/review?task=adjudication&show=conflicts&sample={ORDER}")
    assert page.text.count('<tr class="conflict">') == 1
    assert "&lt;b&gt;no&lt;/b&gt;" in page.text
    given = fields_in(page.text)
    assert ("mark-query" in given, "mark-platform" in given) == (True, False)
    settled = await cy.post("/review", given | {"status": "done", "mark-platform": "reject"})
    assert settled.status_code == 303
    assert site.store.verdict(ORDER).state == "rejected"


async def test_an_adjudication_starts_from_what_one_of_them_said(site: Site) -> None:
    ada, bo = site, site.other()
    await ada.enter("Ada")
    await bo.enter("Bo")
    await ada.save(ORDER, ALL_OK)
    await bo.save(
        ORDER,
        ALL_OK | {"mark-query": "fix", "query": "Order eight packs of laundry powder, courier may call me."},
    )
    review = site.store.review(ORDER, "criteria", "Bo")
    assert review is not None
    page = await ada.get(f"/review?task=adjudication&show=all&sample={ORDER}&take={review.seq}")
    assert fields_in(page.text)["query"].startswith("Order eight packs")


async def test_who_loses_a_race_sees_both_and_may_save_over(site: Site) -> None:
    tab = site.other()
    await site.enter("Ada")
    await tab.enter("Ada")
    page = await tab.get(f"/review?show=all&sample={ORDER}")
    await site.save(ORDER, ALL_OK | {"comment": "first"})
    mine = fields_in(page.text) | ALL_OK | {"mark-query": "reject", "comment": "second", "status": "done"}
    lost = await tab.post("/review", mine)
    assert lost.status_code == 409
    assert "somebody saved this meanwhile" in said(lost)
    assert "“first”" in lost.text
    assert "“second”" in lost.text
    given = fields_in(lost.text)
    assert (given["comment"], given["base"]) == ("second", "1")
    assert (await tab.post("/review", given | {"status": "done"})).status_code == 303
    assert [review.comment for review in site.store.history(ORDER)] == ["first", "second"]


async def test_filters_stay_on_the_way(site: Site) -> None:
    await site.enter("Ada")
    page = await site.get(f"/review?show=all&scenario=tiny&sample={ORDER}")
    given = fields_in(page.text)
    assert (given["show"], given["scenario"]) == ("all", "tiny")
    saved = await site.post("/review", given | ALL_OK | {"status": "done"})
    assert "show=all&scenario=tiny" in saved.headers["location"]
    strange = await site.get("/?show=everything&task=none&solvers=2&from=-1&flagged=%00")
    assert strange.status_code == 200


async def test_an_empty_queue_says_so(site: Site) -> None:
    await site.enter("Ada")
    page = await site.get((await site.get("/review?show=conflicts")).headers["location"])
    assert said(page) == "Nothing is left in this queue."


@pytest.mark.parametrize("url", ["/review?sample=nobody", "/review?sample=%00", "/nowhere", "/static/x"])
async def test_what_is_not_there_is_said(site: Site, url: str) -> None:
    await site.enter("Ada")
    page = await site.get(url)
    assert page.status_code == 404
    assert "Traceback" not in page.text


async def test_a_sample_that_was_changed_since_is_not_shown(site: Site) -> None:
    await site.enter("Ada")
    file = site.store.catalogue.entry(ORDER).location.file
    file.write_bytes(file.read_bytes().replace(b"laundry powder", b"laundry pander"))
    page = await site.get(f"/review?show=all&sample={ORDER}")
    assert page.status_code == 503
    assert "not what index.jsonl was made of" in page.text


async def test_a_split_run_with_shared_tools_and_unseen_scenarios(split_run: Path, tmp_path: Path) -> None:
    """What is held out is reviewed, of the scenarios that training never sees, too."""
    with site_of(Path(shutil.copytree(split_run, tmp_path / "split"))) as site:
        await site.enter("Ada")
        parts = {entry.part: id for id, entry in site.store.catalogue.entries.items()}
        assert parts.keys() == {"test", "unseen"}
        for id in parts.values():
            assert "data-argument=" in (await site.get(f"/review?show=all&sample={id}")).text
            assert (await site.save(id, ALL_OK)).status_code == 303
        queue = await site.get("/?show=all&part=unseen&scenario=finance")
        assert parts["unseen"] in queue.text
        assert parts["test"] not in queue.text


async def test_what_the_measures_of_a_run_leave_in_doubt_can_be_filtered(site: Site) -> None:
    doubts = site.store.catalogue.doubts
    elsewhere = {id for id, found in doubts.items() if ELSEWHERE in found}
    assert 0 < len(elsewhere) < len(site.store.catalogue.entries)
    quality = {line["id"]: line for line in read_jsonl(site.store.catalogue.dataset / "quality.jsonl")}
    for id in site.store.catalogue.entries:
        platform = site.store.sample(id).answer[0]
        learners = {quality[id]["transparent"], quality[id]["bayes"]}
        assert (id in elsewhere) == (platform not in learners)
    await site.enter("Ada")
    page = await site.get(f"/?flagged={quote(ELSEWHERE)}&show=all")
    assert f"{len(elsewhere):,} sample" in page.text
    one = min(elsewhere)
    assert (
        f'In doubt: <span class="tag">{ELSEWHERE}' in (await site.get(f"/review?show=all&sample={one}")).text
    )
    assert ELSEWHERE not in (await site.get(f"/review?task=origins&show=all&sample={one}")).text


async def test_what_others_said_is_not_shown_before_ones_own_is_saved(site: Site) -> None:
    ada, bo = site, site.other()
    await ada.enter("Ada")
    await bo.enter("Bo")
    await ada.save(ORDER, ALL_OK | {"mark-calls": "reject"})

    async def state(url: str) -> str:
        row = (await bo.get(url)).text.partition(f">{ORDER}</a>")[2].partition("</tr>")[0]
        return re.findall(r'<span class="tag[^>]*>([^<]*)<', row)[0]

    assert await state("/?show=all") == "reviewed"
    assert await state("/?show=all&task=origins") == "reviewed"
    await bo.save(ORDER, ALL_OK)
    assert await state("/?show=all") == "conflict"


async def test_agreement_is_shown_with_what_it_leaves_out(site: Site) -> None:
    ada, bo = site, site.other()
    await ada.enter("Ada")
    await bo.enter("Bo")
    await ada.save(ORDER, ALL_OK)
    await bo.save(ORDER, ALL_OK | {"mark-calls": "reject"})
    await bo.save(ORDER, ALL_OK)
    page = (await ada.get("/agreement")).text
    assert "1 accepted" in page
    assert "are not compared, because they were changed or given later: 1." in page
    calls = page.partition('<th scope="row">calls</th>')[2].partition("</tr>")[0]
    assert re.findall(r">([^<]*)</td>", calls)[:3] == ["1", "2", "0.0 %"]


async def test_counting_that_fails_is_said(site: Site) -> None:
    await site.enter("Ada")
    await site.save(ORDER, ALL_OK)
    (site.store.catalogue.dataset / "index.jsonl").write_bytes(b"{}\n")
    page = await site.get("/agreement")
    assert page.status_code == 503
    assert "index.jsonl" in said(page)
