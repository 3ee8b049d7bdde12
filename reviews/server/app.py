"""The application: who reviews, what is next, one sample with its form, what people agree on.

Every page is rendered here and every form is taken as it is, so a browser without scripts will do. A save
answers with the next sample; a fault or a lost race with the same form, what was typed still in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from ...errors import ConfigError, PtoolError
from ...rendering.text import inert
from ..database import VersionConflict
from ..evidence import differing, without_evidence
from ..records import FieldError, OriginReview, Review
from ..store import InvalidReview, ReviewStore, annotator_name
from ..verdicts import State
from .forms import draft_of, fields_of, read_form, review_fields
from .notices import Notice, made_anew, notice_of
from .pages import render, static_files
from .place import SHOWN, SOLVERS, TASKS, PagePlace
from .review_form import review_form
from .sample_view import view_sample
from .security import Access, Guard, cookies
from .sides import Sides, compare_sides, criteria_of, labels_of
from .summary_process import summary_of

LISTED = 50
"""Samples on a page of the queue."""


@dataclass(frozen=True, slots=True)
class ProgressBar:
    """How far somebody is."""

    label: str
    done: int
    of: int


class _NamelessError(Exception):
    """Somebody who has not said their name yet."""


def create_app(store: ReviewStore, access: Access) -> ASGIApp:
    """The application behind its guard.

    Args: store: the review that is served; access: what lets a request in.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    pages = _Pages(store, access)
    for path, handler in (("/", pages.queue), ("/name", pages.ask_name), ("/review", pages.sample),
                          ("/agreement", pages.agreement), ("/static/{name}", pages.static)):  # fmt: skip
        app.add_api_route(path, handler, methods=["GET", "HEAD"], include_in_schema=False)
    for path, writer in (("/name", pages.take_name), ("/review", pages.save), ("/undo", pages.undo)):
        app.add_api_route(path, writer, methods=["POST"], include_in_schema=False)
    app.add_exception_handler(_NamelessError, _to_name)
    app.add_exception_handler(PtoolError, pages.failed)
    app.add_exception_handler(HTTPException, pages.refused)
    return Guard(app, access)


async def _to_name(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/name", 303)


class _Pages:
    """The handlers. They run one after another in the server's loop, as saves of one file have to."""

    def __init__(self, store: ReviewStore, access: Access) -> None:
        self._store, self._access = store, access
        self._name_cookie = f"ptool_reviewer_{access.port}"

    # -- who

    async def ask_name(self, request: Request) -> Response:
        """The page that asks for a name."""
        return self._name_page(request, "", "")

    async def take_name(self, request: Request) -> Response:
        """Remember a name in this browser."""
        fields = await read_form(request, self._access)
        try:
            name = annotator_name(fields.get("other", "") or fields.get("annotator", ""))
        except ConfigError as error:
            return self._name_page(request, fields.get("other", ""), str(error), 422)
        response = RedirectResponse("/", 303)
        response.set_cookie(
            self._name_cookie, quote(name), httponly=True, samesite="strict", max_age=31_536_000
        )
        return response

    def _name_page(self, request: Request, typed: str, error: str, status: int = 200) -> Response:
        roster = [(name, inert(name)) for name in self._store.database.roster()]
        values = {
            "here": "name",
            "title": "Who are you?",
            "roster": roster,
            "typed": inert(typed),
            "error": inert(error, 400),
        }
        return self._page(request, "name.jinja", self._name(request), status, **values)

    def _name(self, request: Request) -> str:
        """The name that this browser remembers; empty where there is none."""
        for value in cookies(Headers(scope=request.scope), self._name_cookie):
            try:
                return annotator_name(unquote(value))
            except ConfigError:
                continue
        return ""

    def _known(self, request: Request) -> str:
        name = self._name(request)
        if not name:
            raise _NamelessError
        return name

    # -- what

    async def queue(self, request: Request) -> Response:
        """Tasks, filters, and the samples that pass."""
        name, place = self._known(request), PagePlace.of(request.query_params)
        start = _whole(request.query_params.get("from", ""))
        page = self._store.page(name, place.task, place.filter, start, LISTED)
        entries = [
            {
                "url": place.at(each.entry.id).sample_url(),
                "id": inert(each.entry.id),
                "about": " · ".join(
                    inert(text, 80)
                    for text in (each.entry.scenario, each.entry.group, each.entry.part)
                    if text
                ),
                "state": each.state if each.mine == "done" else _before_ones_own(each.state, place),
                "mine": each.mine,
            }
            for each in page.entries
        ]
        before = place.queue_url(**{"from": max(start - LISTED, 0)}) if start else ""
        after = place.queue_url(**{"from": start + LISTED}) if start + LISTED < page.total else ""
        values = {
            "entries": entries,
            "total": page.total,
            "shown_from": start + 1,
            "before": before,
            "after": after,
            "place": place,
            "tasks": TASKS,
            "shows": SHOWN,
            "solvers": SOLVERS,
            "choices": self._filter_choices(),
            "states": self._store.progress(name, place.task).states,
            "outdated": self._store.outdated(),
            "notice": notice_of(request.query_params, self._store.catalogue.entries),
        }
        return self._page(request, "queue.jinja", name, here="queue", title="Queue", place_of=place, **values)

    def _filter_choices(self) -> dict[str, list[str]]:
        entries = self._store.catalogue.entries.values()
        objections = {
            word
            for each in self._store.catalogue.objections.values()
            for one in each
            for word in (one.source, one.code)
        }
        found = {
            "scenario": {each.scenario for each in entries},
            "group": {each.group for each in entries},
            "part": {each.part for each in entries},
            "flagged": objections.union(*self._store.catalogue.doubts.values()),
        }
        return {key: sorted(value for value in values if value) for key, values in found.items()}

    # -- one sample

    async def sample(self, request: Request) -> Response:
        """One sample with its form; without a sample named, the next of the queue."""
        name, place = self._known(request), PagePlace.of(request.query_params)
        if not place.sample:
            following = self._store.next(name, place.task, place.filter)
            return RedirectResponse(
                place.at(following).sample_url() if following else place.queue_url(did="empty"), 303
            )
        sample = self._store.sample(place.sample)
        standing = self._store.review(place.sample, place.task, name)
        notice = notice_of(request.query_params, self._store.catalogue.entries)
        if standing and not self._store.catalogue.is_of_now(place.sample, standing.digest):
            standing, notice = None, notice or made_anew(standing)
        given = review_fields(standing, sample) if standing else self._start(place, request)
        return self._sample_page(request, name, place, given, notice=notice)

    def _start(self, place: PagePlace, request: Request) -> dict[str, str]:
        """What stands in a form that nobody has sent: of an adjudication, what all agree on."""
        if place.task != "adjudication":
            return {}
        sample = self._store.sample(place.sample)
        chosen = _whole(request.query_params.get("take", ""))
        said = [fields_of(each.content, sample) for each in self._done(place)]
        taken = [fields_of(each.content, sample) for each in self._done(place) if each.seq == chosen]
        marks_and_labels = {key for fields in said for key in fields if key.startswith(("mark-", "origin-"))}
        agreed = {
            key: values.pop()
            for key in marks_and_labels
            if len(values := {fields[key] for fields in said if key in fields}) == 1
        }
        return agreed | {key: value for fields in taken for key, value in fields.items()}

    def _done(self, place: PagePlace) -> list[Review]:
        digest = self._store.catalogue.entry(place.sample).digest
        reviews = self._store.reviews(place.sample)
        return [
            each for each in reviews
            if each.task != "adjudication" and each.status == "done" and each.digest == digest
        ]  # fmt: skip

    def _settles(self, place: PagePlace) -> tuple[str, ...]:
        """What an adjudication decides: what is in dispute, or, where nothing is, whatever was said."""
        contents = [each.content for each in self._done(place)]
        parts = {"criteria": [one for each in contents if (one := criteria_of(each))],
                 "origins": [one for each in contents if (one := labels_of(each))]}  # fmt: skip
        disputed = tuple(part for part, said in parts.items() if any(one != said[0] for one in said))
        return disputed or tuple(part for part, said in parts.items() if said) or ("criteria",)

    async def save(self, request: Request) -> Response:
        """Keep a review and go on; a fault or a lost race shows the same form again."""
        fields = await read_form(request, self._access)
        name, place = self._known(request), PagePlace.of(fields)
        sample = self._store.sample(place.sample)
        draft, errors = draft_of(place, name, fields, sample)
        if draft is None:
            return self._again(request, name, place, fields, errors)
        blind = place.task == "origins" and self._is_blind(place, name)
        try:
            saved = self._store.save(draft)
        except InvalidReview as invalid:
            return self._again(request, name, place, fields, invalid.errors)
        except VersionConflict as conflict:
            return self._both(request, name, place, fields, conflict)
        if blind and isinstance(saved.content, OriginReview) and differing(sample, saved.content):
            return RedirectResponse(place.sample_url(did="differs", about=place.sample), 303)
        following = self._store.next(name, place.task, place.filter, after=place.sample)
        did = {"did": saved.status, "about": place.sample}
        if following is None:
            return RedirectResponse(place.queue_url(**did), 303)
        return RedirectResponse(place.at(following).sample_url(**did), 303)

    def _is_blind(self, place: PagePlace, name: str) -> bool:
        """Whether somebody is to label a sample before they see what it records."""
        review = self._store.review(place.sample, "origins", name)
        digest = self._store.catalogue.entry(place.sample).digest
        return review is None or review.status != "done" or review.digest != digest

    def _again(
        self,
        request: Request,
        name: str,
        place: PagePlace,
        fields: Mapping[str, str],
        errors: Sequence[FieldError],
    ) -> Response:
        count = "1 field needs" if len(errors) == 1 else f"{len(errors)} fields need"
        notice = Notice(f"Not saved: {count} mending.", "bad", focus=True)
        return self._sample_page(request, name, place, fields, errors, notice, status=422)

    def _both(
        self,
        request: Request,
        name: str,
        place: PagePlace,
        fields: Mapping[str, str],
        conflict: VersionConflict,
    ) -> Response:
        """The loser of a race sees both sides, and keeps what they typed."""
        sample = self._store.sample(place.sample)
        sides = compare_sides(
            [("Yours, not saved", conflict.yours), ("Saved meanwhile", conflict.theirs)], sample
        )
        text = (
            "Not saved: somebody saved this meanwhile. Below are both; saving again puts yours in its place."
        )
        notice = Notice(text, "warn", focus=True)
        given = {**fields, "base": str(conflict.theirs.version)}
        return self._sample_page(request, name, place, given, notice=notice, raced=sides, status=409)

    async def undo(self, request: Request) -> Response:
        """Take back what somebody saved last, and show that sample again."""
        fields = await read_form(request, self._access)
        name, place = self._known(request), PagePlace.of(fields)
        undone = self._store.undo(name)
        if undone is None:
            return RedirectResponse(place.queue_url(did="nothing"), 303)
        there = PagePlace.of({**dict(place.fields()), "task": undone.task, "sample": undone.sample})
        return RedirectResponse(there.sample_url(did="undone", about=undone.sample), 303)

    def _sample_page(
        self,
        request: Request,
        name: str,
        place: PagePlace,
        given: Mapping[str, str],
        errors: Sequence[FieldError] = (),
        notice: Notice | None = None,
        raced: Sides | None = None,
        status: int = 200,
    ) -> Response:
        sample = self._store.sample(place.sample)
        base = given.get("base") or str(self._store.version(place.sample, place.task, name))
        settles = self._settles(place) if place.task == "adjudication" else ()
        hidden = [("key", self._access.form_key), *place.fields(), ("base", base), ("seconds", "")]
        hidden += [("settles", " ".join(settles))] if settles else []
        blind = place.task == "origins" and self._is_blind(place, name)
        shown = without_evidence(sample) if blind else sample
        form = review_form(place.task, shown, given, errors, hidden=hidden, settles=settles)
        reviews = _titled(self._done(place)) if settles else []
        objections = [
            f"{inert(each.source, 80)}: {inert(each.code, 80)}"
            for each in self._store.objections(place.sample)
        ]
        following = self._store.next(name, place.task, place.filter, after=place.sample)
        values = {
            "here": "review",
            "title": inert(sample.id),
            "view": view_sample(shown),
            "blind": blind,
            "form": form,
            "notice": notice,
            "raced": raced,
            "sides": compare_sides(reviews, sample) if reviews else None,
            "take": place.sample_url(),
            "objections": objections,
            "doubts": () if blind else self._store.catalogue.doubts.get(place.sample, ()),
            "task": TASKS[place.task],
            "next_url": place.at(following).sample_url() if following else "",
        }
        return self._page(request, "review.jinja", name, status, place_of=place, **values)

    # -- what people agree on

    async def agreement(self, request: Request) -> Response:
        """How far people agree, and what they found that checks, gates and judges had let pass."""
        name = self._known(request)
        summary = await summary_of(self._store.run)
        values = {"here": "agreement", "title": "Agreement", "summary": summary}
        return self._page(request, "agreement.jinja", name, **values)

    # -- everything else

    async def static(self, name: str) -> Response:
        """A style or a script."""
        found = static_files().get(name)
        if found is None:
            return PlainTextResponse("no such page\n", 404)
        return Response(found[0], media_type=found[1])

    async def failed(self, request: Request, error: Exception) -> Response:
        """What cannot be shown or kept, in a line."""
        status = 404 if isinstance(error, ConfigError) else 503
        return self._message(request, str(error), status)

    async def refused(self, request: Request, error: Exception) -> Response:
        """A request that was let in, and is none of ours."""
        assert isinstance(error, HTTPException)
        if error.status_code in (404, 405):
            return self._message(request, "There is no such page.", error.status_code)
        return PlainTextResponse(f"{error.detail}\n", error.status_code, headers=error.headers)

    def _message(self, request: Request, text: str, status: int) -> Response:
        notice = Notice(inert(text, 600), "bad", focus=True)
        return self._page(
            request, "message.jinja", self._name(request), status, here="", title="Not shown", notice=notice
        )

    def _progress(self, name: str, place: PagePlace) -> ProgressBar:
        progress = self._store.progress(name, place.task)
        skipped = f", {progress.skipped:,} skipped" if progress.skipped else ""
        return ProgressBar(
            f"{progress.done:,} of {progress.assigned:,}{skipped}", progress.done, progress.assigned
        )

    def _page(
        self,
        request: Request,
        template: str,
        name: str,
        status: int = 200,
        place_of: PagePlace | None = None,
        **values: object,
    ) -> Response:
        place = place_of or PagePlace()
        common = {
            "nonce": request.scope["state"]["nonce"],
            "run": inert(self._store.run.resolve().name),
            "name": inert(name),
            "key": self._access.form_key,
            "progress": self._progress(name, place) if name else None,
            "place": place,
            "notice": None,
        }
        html = render(template, **(common | values))
        return Response(html, status, media_type="text/html; charset=utf-8")


def _before_ones_own(state: State, place: PagePlace) -> str:
    """What somebody sees of a sample's state before they have said something of it: not what others said."""
    told = state in ("unreviewed", "second_look") or place.task == "adjudication"
    return state if told else "reviewed"


def _titled(reviews: Sequence[Review]) -> list[tuple[str, Review]]:
    """Reviews by who said them; where somebody has both marked and labelled, by that as well."""
    names = [each.annotator for each in reviews]
    kinds = {"criteria": "marks", "origins": "labels"}
    return [
        (
            f"{inert(each.annotator)}: {kinds[each.task]}"
            if names.count(each.annotator) > 1
            else inert(each.annotator),
            each,
        )
        for each in reviews
    ]


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
