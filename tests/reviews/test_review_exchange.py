"""Reviews go out to Label Studio and spreadsheets and come back: the same, or an error with its place."""

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ptool.errors import ConfigError, StoreError
from ptool.reviews import Correction, ReviewStore
from ptool.reviews.commands import check_target
from ptool.reviews.exchange import take_over
from ptool.reviews.independence import independent_reviews
from ptool.reviews.label_studio import read_annotations, write_tasks
from ptool.reviews.spreadsheet import COLUMNS, read_sheet, write_sheet
from review_bench import copied, labelled, marked, opened


@pytest.fixture
def run(whole_run: Path, tmp_path: Path) -> Path:
    return copied(whole_run, tmp_path / "own")


@pytest.fixture
def other(whole_run: Path, tmp_path: Path) -> Path:
    """The same run, where nobody has said anything."""
    return copied(whole_run, tmp_path / "other")


def fill(store: ReviewStore) -> None:
    """Marks, a correction, labels and what a spreadsheet would compute."""
    first, second, third, fourth, *_ = store.assignment.order
    marked(store, first, "Ada", seconds=12.5)
    marked(store, second, "Ada", "reject ok ok", comment="=1+1", second_look=True)
    marked(store, second, "Bob")
    labelled(store, third, "Bob")
    sample = store.sample(fourth)
    words = sample.query.split()
    query = f"{sample.query} Thank you, {words[0]}!"
    marked(store, fourth, "Ada", "fix ok ok", Correction(query=query))


def said(run: Path) -> list[tuple[Any, ...]]:
    """Everything that stands in a review, but for places, times and numbers."""
    with opened(run) as store:
        return sorted(
            (each.sample, each.task, each.annotator, repr(each.content), each.comment, each.second_look)
            for each in store.database.all_reviews()
        )


def test_a_sheet_comes_back_as_it_went_out(run: Path, other: Path, tmp_path: Path) -> None:
    with opened(run) as store:
        fill(store)
        assert write_sheet(store, tmp_path / "out.csv") == len(store.assignment.order) + 1
    with opened(other) as store:
        assert take_over(store, read_sheet(tmp_path / "out.csv"), None) == (5, 0)
        assert take_over(store, read_sheet(tmp_path / "out.csv"), None) == (0, 5)
    assert said(other) == said(run)


def test_a_sheet_keeps_what_was_known_when_labels_were_given(run: Path, other: Path, tmp_path: Path) -> None:
    with opened(run) as store:
        first, second, *_ = store.assignment.order
        marked(store, first, "Ada")
        labelled(store, first, "Ada")  # after the page that shows the origins
        labelled(store, second, "Ada")
        marked(store, second, "Ada")
        write_sheet(store, tmp_path / "out.csv")
    with opened(other) as store:
        assert take_over(store, read_sheet(tmp_path / "out.csv"), None) == (4, 0)
    for place in (run, other):
        with opened(place) as store:
            independent = independent_reviews(store.database.rows_since(0))
        assert sorted(task for sample, task, _ in independent if sample == first) == ["criteria"]
        assert sorted(task for sample, task, _ in independent if sample == second) == ["criteria", "origins"]


def test_no_cell_is_a_formula(run: Path, tmp_path: Path) -> None:
    with opened(run) as store:
        fill(store)
        write_sheet(store, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=1+1" in cells
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t")] == []


def rewritten(file: Path, changes: dict[str, str], delimiter: str = ",", row: int = 0) -> Path:
    """A sheet as somebody saves it who changed some cells of one row."""
    with file.open(newline="", encoding="utf-8-sig") as opened_file:
        rows = list(csv.DictReader(opened_file))
    rows[row] |= changes
    with file.open("w", newline="", encoding="utf-8-sig") as opened_file:
        writer = csv.DictWriter(opened_file, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return file


OK = {"query_mark": "OK", "platform_mark": " ok", "calls_mark": "ok"}


def test_a_sheet_in_utf_16_is_read(run: Path, tmp_path: Path) -> None:
    """As Excel saves "Unicode text"."""
    with opened(run) as store:
        marked(store, store.assignment.order[0], "Zoë", comment="fine")
        write_sheet(store, tmp_path / "out.csv")
    saved = tmp_path / "saved.txt"
    saved.write_bytes((tmp_path / "out.csv").read_text("utf-8").encode("utf-16"))
    assert "Zoë" in [row.annotator for row in read_sheet(saved)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_is_read_however_a_spreadsheet_saves_it(run: Path, tmp_path: Path, delimiter: str) -> None:
    with opened(run) as store:
        write_sheet(store, tmp_path / "out.csv")
        sheet = rewritten(tmp_path / "out.csv", OK | {"seconds": "2,5"}, delimiter)
        assert take_over(store, read_sheet(sheet), "Ada") == (1, 0)
        (review,) = store.reviews(store.assignment.order[0])
        assert (review.annotator, review.seconds) == ("Ada", 2.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (OK | {"annotator": ""}, "annotator: says nobody"),
        (
            OK | {"annotator": "Ada", "calls_mark": "maybe"},
            "calls: got 'maybe', expected 'fix', 'ok', 'reject'",
        ),
        (OK | {"annotator": "Ada", "calls_mark": ""}, "calls: got ''"),
        (OK | {"annotator": "Ada", "id": "nowhere"}, "none of the"),
        (OK | {"annotator": "Ada", "digest": "0" * 16}, "was made anew since it was exported"),
        (OK | {"annotator": "Ada", "new_answer": "A: [f("}, "type calls as"),
        (
            OK | {"annotator": "Ada", "calls_mark": "fix", "new_answer": "Nowhere: [f(a=1)]"},
            "no platform 'Nowhere'",
        ),
        (OK | {"annotator": "Ada", "origins": "{"}, "origins: not JSON"),
        (
            OK | {"annotator": "Ada", "comment": "x" * 5_000},
            "comment: got 5,000 characters, expected at most 4,000",
        ),
        (
            OK | {"annotator": "Ada", "query_mark": "fix", "new_query": "x" * 5_000},
            "query: got 5,000 characters",
        ),
        (
            OK | {"annotator": "Ada", "new_answer": f"A: [{', '.join(['f()'] * 17)}]"},
            "calls: got 17 of them, expected at most 16",
        ),
        (OK | {"annotator": "Ada", "origins": '{"calls[9].arguments.a": "query"}'}, "no argument"),
        (OK | {"annotator": "Ada", "seconds": "soon"}, "seconds: got 'soon'"),
        ({"annotator": "Ada", "comment": "good"}, "without marks; expected ok, fix or reject"),
        (OK | {"annotator": "A\u202e"}, "expected a name"),
        (
            OK | {"annotator": "Ada", "second_look": "maybe"},
            "second_look: got 'maybe', expected yes or nothing",
        ),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_taken_over(
    run: Path, tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    with opened(run) as store:
        write_sheet(store, tmp_path / "out.csv")
        rewritten(tmp_path / "out.csv", OK | {"annotator": "Bob"}, row=1)
        sheet = rewritten(tmp_path / "out.csv", changes)
        with pytest.raises(ConfigError) as refused:
            take_over(store, read_sheet(sheet), None)
        assert message in str(refused.value) and "out.csv:2" in str(refused.value)
        assert list(store.database.all_reviews()) == []


def test_nobody_says_two_things_of_one_sample(run: Path, tmp_path: Path) -> None:
    with opened(run) as store:
        write_sheet(store, tmp_path / "out.csv")
        head, row, *_ = (tmp_path / "out.csv").read_text("utf-8").splitlines(keepends=True)
        (tmp_path / "out.csv").write_text(head + row + row, "utf-8")
        rewritten(tmp_path / "out.csv", OK | {"annotator": "Ada"}, row=1)
        sheet = rewritten(tmp_path / "out.csv", OK | {"annotator": "Ada", "calls_mark": "reject"})
        with pytest.raises(ConfigError, match=r"out.csv:3: Ada says this of \S+ at \S+out.csv:2 already"):
            take_over(store, read_sheet(sheet), None)
        assert list(store.database.all_reviews()) == []


@pytest.mark.parametrize(
    "name", ["reviews.sqlite", "new.csv", "dataset/index.jsonl", "dataset/../ledger.sqlite", "../notes"]
)
def test_nothing_is_written_over_but_an_earlier_export(run: Path, tmp_path: Path, name: str) -> None:
    (run.parent / "notes").write_text("id,name", "utf-8")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match=r"^file: "):
        check_target(run / name, run, b"id,digest,")
    with opened(run) as store:
        write_sheet(store, tmp_path / "out.csv")
    check_target(tmp_path / "out.csv", run, b"id,digest,")
    check_target(tmp_path / "none.csv", run, b"id,digest,")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"a,b\n1,2\n", ConfigError, "no column 'id'"),
        (b"\xff\x00", ConfigError, "not UTF-8"),
        (b'id,annotator,query_mark,platform_mark,calls_mark\n"a', ConfigError, "not CSV"),
        (
            b"id,annotator,query_mark,platform_mark,calls_mark,id\n",
            ConfigError,
            "column 'id' is there 2 times, expected once",
        ),
        (
            b"id,annotator,query_mark,platform_mark,calls_mark,comment\na,Ada,ok,ok,ok,well, no\n",
            ConfigError,
            "sheet.csv:2: got 7 cells, expected 6; a cell with ',' in it has to stand in quotes",
        ),
        (b"", ConfigError, "no column 'id'"),
        (None, StoreError, "cannot be read"),
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path: Path, content: bytes | None, error, message: str) -> None:
    file = tmp_path / "sheet.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(error, match=message):
        list(read_sheet(file))


def annotated(file: Path, completed_by: Any) -> Path:
    """What Label Studio exports once somebody has accepted every prediction."""
    tasks = json.loads(file.read_text())
    for number, task in enumerate(tasks):
        task["id"] = number
        task["annotations"] = [
            {
                "result": prediction["result"],
                "completed_by": completed_by or prediction["model_version"],
                "lead_time": 3.5,
            }
            for prediction in task.pop("predictions")
        ]
    file.write_text(json.dumps(tasks))
    return file


def test_tasks_come_back_from_label_studio(run: Path, other: Path, tmp_path: Path) -> None:
    with opened(run) as store:
        fill(store)
        assert write_tasks(store, tmp_path / "tasks.json") == len(store.assignment.order)
    export = annotated(tmp_path / "tasks.json", None)
    with opened(other) as store:
        assert take_over(store, read_annotations(export), None) == (5, 0)
    plain = [row[:4] for row in said(run)]
    assert [row[:4] for row in said(other)] == plain


def test_the_labelling_configuration_names_what_comes_back(run: Path, tmp_path: Path) -> None:
    with opened(run) as store:
        fill(store)
        write_tasks(store, tmp_path / "tasks.json")
    config = ElementTree.parse(tmp_path / "tasks.config.xml").getroot()
    named = {each.get("name") for each in config.iter() if each.get("name")}
    shown = {each.get("value", "")[1:] for each in config.iter("Text") if "{{" not in each.get("name", "")}
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert all(shown <= set(task["data"]) for task in tasks)
    for task in tasks:
        for result in (result for each in task["predictions"] for result in each["result"]):
            name = result["from_name"]
            assert name in named or (name.partition("_")[0] == "origin" and "origin_{{idx}}" in named)


@pytest.mark.parametrize(
    ("completed_by", "name"),
    [
        (7, "Label Studio 7"),
        ({"id": 3, "email": "ada@example.org"}, "ada@example.org"),
        ("Ada", "Ada"),
        ("a" * 40, "a" * 40),
        ("a" * 40 + "@example.org", "a" * 31 + "~a6d6522a"),
        ("a" * 40 + "@example.net", "a" * 31 + "~2d2edb9d"),
    ],
)
def test_whoever_completed_a_task_has_a_name(run: Path, tmp_path: Path, completed_by: Any, name: str) -> None:
    with opened(run) as store:
        marked(store, store.assignment.order[0], "Probe")
        write_tasks(store, tmp_path / "tasks.json")
        rows = list(read_annotations(annotated(tmp_path / "tasks.json", completed_by)))
    assert [row.annotator for row in rows] == [name]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "expected a list of tasks"),
        ("[", "not JSON"),
        ("[1]", "task 1: no data.id"),
        ('[{"data": {"id": "a"}, "annotations": 3}]', "annotations: got 3, expected a list"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "tasks.json").write_text(content)
    with pytest.raises(ConfigError, match=message):
        list(read_annotations(tmp_path / "tasks.json"))


MARK = {"from_name": "query_mark", "value": {"choices": ["ok"]}}


def annotations(folder: Path, result: Any, **data: Any) -> Path:
    """A file with one task whose second result is this one."""
    task = {"data": {"id": "a", **data}, "annotations": [{"result": result, "completed_by": 1}]}
    file = folder / "tasks.json"
    file.write_text(json.dumps([task]))
    return file


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (1, "result[1]: got 1, expected an object"),
        (None, "result[1]: nothing there, expected an object"),
        ({}, "result[1]: got {}, expected an object with 'from_name'"),
        ({"from_name": 3, "value": {}}, "result[1]: got {'from_name': 3"),
        (
            {"from_name": "query_mark", "value": 3},
            "result[1]: query_mark: got 3, expected {'choices': [a text]}",
        ),
        (
            {"from_name": "query_mark", "value": {"choices": [3]}},
            "query_mark: got {'choices': [3]}, expected",
        ),
        (
            {"from_name": "query_mark", "value": {"text": ["ok"]}},
            "query_mark: got {'text': ['ok']}, expected",
        ),
        ({"from_name": "comment"}, "result[1]: comment: nothing there, expected {'text': [a text]}"),
        (
            {"from_name": "origin_0", "value": {"choices": ["query"]}},
            "origin_0: data.arguments says of no such",
        ),
        (
            {"from_name": "origin_x", "value": {"choices": ["query"]}},
            "origin_x: data.arguments says of no such",
        ),
    ],
)
def test_a_damaged_result_is_refused_with_its_place(tmp_path: Path, result: Any, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        list(read_annotations(annotations(tmp_path, [MARK, result])))
    assert "task 1 ('a'): " in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize("completed_by", [True, 1.5, ["Ada"], {"email": {"a": "b"}}])
def test_whoever_is_no_name_is_refused(tmp_path: Path, completed_by: Any) -> None:
    file = annotations(tmp_path, [])
    tasks = json.loads(file.read_text())
    tasks[0]["annotations"][0]["completed_by"] = completed_by
    file.write_text(json.dumps(tasks))
    with pytest.raises(ConfigError, match=r"completed_by: got .*, expected a number or a name"):
        list(read_annotations(file))


@pytest.mark.parametrize("result", [None, "ok", {"query_mark": "ok"}])
def test_an_annotation_without_a_list_of_results_is_refused(tmp_path: Path, result: Any) -> None:
    with pytest.raises(ConfigError, match=r"task 1 \('a'\): result: .*expected a list"):
        list(read_annotations(annotations(tmp_path, result)))


@pytest.mark.parametrize(
    "result",
    [
        {"type": "relation", "from_id": "x", "to_id": "y"},
        {"from_name": "mood", "value": {"rating": 3}},  # a question that the project added
        {"from_name": "comment", "value": {"text": []}},  # written, and taken away again
    ],
)
def test_what_is_no_answer_to_our_questions_says_nothing(tmp_path: Path, result: Any) -> None:
    (row,) = read_annotations(annotations(tmp_path, [MARK, result]))
    assert (row.marks, row.origins, row.comment) == ({"query": "ok"}, {}, "")
