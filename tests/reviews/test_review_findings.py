"""What people found goes back: by what was wrong, by who had let it pass, by who had written it."""

from pathlib import Path

import pytest
from ptool.records import Call
from ptool.reviews.findings import CODES, HumanFinding, codes_of, findings_of
from ptool.reviews.retrace import SampleAnswer
from ptool.reviews.summary import summarise
from ptool.reviews.verdicts import HumanVerdict
from review_bench import copied, marked, opened

CALL = Call(api="find", arguments={"what": "tea", "count": 2})
BEFORE = SampleAnswer("Find tea, please.", "Shop", (CALL,))
NOTHING = HumanVerdict("accepted", None, None, ())


def with_calls(*calls: Call) -> SampleAnswer:
    return SampleAnswer(BEFORE.query, BEFORE.platform, calls)


@pytest.mark.parametrize(
    ("after", "codes"),
    [
        (BEFORE, ()),
        (SampleAnswer("Find me tea.", "Shop", (CALL,)), ("query.rewritten",)),
        (SampleAnswer(BEFORE.query, "Store", (Call(api="seek", arguments={}),)), ("platform.changed",)),
        (with_calls(CALL, CALL), ("calls.number",)),
        (with_calls(Call(api="seek", arguments=CALL.arguments)), ("calls.function",)),
        (with_calls(Call(api="find", arguments={"what": "tea"})), ("arguments.excess",)),
        (with_calls(Call(api="find", arguments={**CALL.arguments, "new": 1})), ("arguments.missing",)),
        (with_calls(Call(api="find", arguments={"what": "milk", "count": 2})), ("arguments.value",)),
        (
            with_calls(Call(api="find", arguments={"what": "milk", "new": 1})),
            ("arguments.missing", "arguments.excess", "arguments.value"),
        ),
    ],
)
def test_what_was_changed_has_a_code(after: SampleAnswer, codes: tuple[str, ...]) -> None:
    assert codes_of(NOTHING, BEFORE, after, relabelled=False) == codes
    assert codes_of(NOTHING, BEFORE, after, relabelled=True) == (*codes, "origins.label")
    assert set(codes) <= set(CODES)


def test_every_gate_and_judge_is_told_what_it_let_pass(split_run: Path, tmp_path: Path) -> None:
    run = copied(split_run, tmp_path)
    with opened(run, parts=["train", "test", "unseen"]) as store:
        first, second, *others = [id for id in store.assignment.order if not store.objections(id)]
        mended = next(id for id in store.assignment.order if store.objections(id))
        marked(store, first, "Ada", "ok ok reject")
        marked(store, second, "Ada", "reject ok ok")
        marked(store, others[0], "Ada")
        marked(store, mended, "Ada", "ok reject ok")
        findings = summarise(store).findings
        objection = store.objections(mended)[0]
    assert (findings.reviewed, findings.corrected, findings.rejected) == (4, 0, 3)
    codes = {row.code: row for row in findings.codes}
    assert sorted(codes) == ["calls.rejected", "platform.rejected", "query.rejected"]
    assert (codes["query.rejected"].role, codes["calls.rejected"].role) == ("user", "assistant")
    assert codes["query.rejected"].examples == (second,)
    assert codes["calls.rejected"].passed_by == {"round_trip": 1, "verifier": 1}
    rows = {(row.kind, row.name, row.code): row for row in findings.passed}
    assert rows["gate", "round_trip", ""][3:] == (4, 0, 3)
    assert rows["judge", "verifier", ""][3:] == (4, 0, 3)
    assert rows["mended", objection.source, objection.code][3:] == (1, 0, 1)


def test_a_sample_with_nothing_wrong_is_counted_and_has_no_row(split_run: Path, tmp_path: Path) -> None:
    with opened(copied(split_run, tmp_path)) as store:
        id = store.assignment.order[0]
        findings = findings_of([HumanFinding(id, "accepted", ())], store.catalogue)
    assert findings.codes == () and findings.reviewed == 1
    assert all(row.corrected == row.rejected == 0 for row in findings.passed)
