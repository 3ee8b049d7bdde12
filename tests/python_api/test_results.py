"""Results as objects: read lazily, checked, handed over to tables, and harmless in a notebook."""

import json
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ptool import Evaluation, Run, Samples, evaluate, evaluate_async, load, synthesise
from ptool.errors import ConfigError, StoreError
from ptool.evaluation.results import SampleLine
from ptool.python_api import displays
from ptool.python_api.displays import NotebookDisplay, chosen_display
from ptool.records import Sample
from ptool.run import main
from ptool.store import RunFolder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small run."""
    return synthesise("tiny", run={"dir": tmp_path_factory.mktemp("run") / "inline"}, min_yield=0)


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with a split, whose samples share tools and profiles."""
    folder = tmp_path_factory.mktemp("run") / "split"
    splits = {"untrained_users": 1, "test_share": 0.2}
    return synthesise("tiny", splits=splits, dataset={"tools": "shared"}, run={"dir": folder})


@pytest.fixture(scope="module")
def gold(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The ceiling on that run."""
    return evaluate(run, baseline="gold", run={"dir": tmp_path_factory.mktemp("gold")})


def test_the_slim_form_gives_whole_samples_part_by_part(run: Run, split: Run) -> None:
    parts = split.parts
    assert {*parts} == {"train", "test"}
    by_id = {sample.id: sample for sample in split}
    assert len(by_id) == len(split) == sum(len(part) for part in parts.values()) == split.counts["samples"]
    assert by_id[next(iter(run)).id].tools == next(iter(run)).tools
    assert [sample.id for part in parts.values() for sample in part] == [*by_id]
    with pytest.raises(KeyError, match="no part and no sample 'dev'; the parts are train, test"):
        split["dev"]


def test_one_is_had_by_its_position_its_id_or_a_slice(split: Run, gold: Evaluation) -> None:
    samples, lines = list(split), list(gold)
    last = len(samples) - 1
    assert (split[0], split[last], split[-1], split[1:3]) == (
        *(samples[at] for at in (0, last, last)),
        samples[1:3],
    )
    assert split[::-2] == samples[::-2]
    assert split[samples[2].id] == split["train"][2] == samples[2]
    assert (gold[-1].id, gold[lines[1].id], gold[:2]) == (lines[-1].id, lines[1], lines[:2])
    with pytest.raises(IndexError, match=f"no sample at position {last + 1}; there are {last + 1}"):
        split[last + 1]
    with pytest.raises(KeyError, match="no sample 'overall'; columns are in `scores` and `details`"):
        gold["overall"]
    with pytest.raises(TypeError, match="got a float; expected a position, a slice or a name"):
        split[1.5]  # type: ignore[index]


def test_iterating_reads_one_at_a_time_and_again(run: Run) -> None:
    first, again = iter(run), iter(run)
    assert next(first) == next(again)
    assert isinstance(next(first), Sample)


@pytest.mark.parametrize("name", ["", "dataset", "dataset/samples.jsonl", "dataset/tables/samples.jsonl"])
def test_a_dataset_is_loaded_from_wherever_it_lies(run: Run, name: str, tmp_path: Path) -> None:
    copied = tmp_path / "moved"
    shutil.copytree(run.path, copied)
    loaded = load(copied / name)
    assert isinstance(loaded, Samples)
    assert list(loaded) == list(run)


def test_samples_that_another_command_wrote_are_no_run(run: Run, tmp_path: Path) -> None:
    with RunFolder(tmp_path / "verified", {"verified": "0123"}) as folder:
        shutil.copy(run.files["dataset/samples.jsonl"], folder / "samples.jsonl")
    loaded = load(tmp_path / "verified")
    assert type(loaded) is Samples
    assert list(loaded) == list(run)


def test_what_somebody_changed_is_not_told_as_the_runs(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "a")
    file = tmp_path / "a" / "dataset" / "samples.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"query":"', b'"query":"Please. ', 1))
    for path in (tmp_path / "a", file):
        loaded = load(path)
        assert isinstance(loaded, Samples)
        with pytest.raises(StoreError, match=r"not what index.jsonl was made of"):
            next(iter(loaded))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("absent.jsonl", None, "no such file or folder"),
        ("empty", "", "holds no samples, expected a run folder"),
        (
            "data.json",
            '[{"user_profile": {}, "answer": [], "query_params": []}]',
            "of kind published, expected",
        ),
        ("odd.jsonl", '{"a": 1}\n', "no dataset that ptool knows"),
        ("text.jsonl", "hello\n", "not JSON"),
        ("half.jsonl", '{"id": "a", "user_id": "u", "answer": [], "origins": []}\n', "sample 1"),
    ],
)
def test_what_is_no_dataset_is_refused_in_one_line(
    name: str, content: str | None, line: str, tmp_path: Path
) -> None:
    if content == "":
        (tmp_path / name).mkdir()
    elif content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(StoreError) as refused:
        list(load(tmp_path / name))
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_tables_have_every_sample(split: Run) -> None:
    pandas, datasets = pytest.importorskip("pandas"), pytest.importorskip("datasets")
    frame, whole = split.to_pandas(), split.to_datasets()
    assert isinstance(frame, pandas.DataFrame) and isinstance(whole, datasets.DatasetDict)
    assert list(frame.id) == [sample.id for sample in split]
    assert set(frame.part) == {"train", "test"} == {*whole}
    assert isinstance(frame.tools[0][0], dict)
    row, sample = whole["test"][0], next(iter(split["test"]))
    assert json.loads(row["answer"]) == json.loads(sample.model_dump_json())["answer"]
    assert split["test"].to_datasets()["test"].num_rows == len(split["test"])


@pytest.mark.parametrize(("library", "method"), [("pandas", "to_pandas"), ("datasets", "to_datasets")])
def test_a_library_that_is_missing_is_named(
    run: Run, library: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ConfigError, match=rf"^{method}\(\) needs the package {library} .*pip install {library}$"
    ):
        getattr(run, method)()


def test_an_evaluation_is_what_its_folder_holds(run: Run, gold: Evaluation) -> None:
    assert (gold.status, gold.exit_status, gold.problems, gold.answers) == ("done", 0, (), "baseline gold")
    assert gold.scores["overall"] == 1.0
    low, high = gold.intervals["overall"]
    assert low < high == 1.0
    assert len(list(gold)) == len(gold) == len(run)
    assert all(isinstance(line, SampleLine) for line in gold)
    assert list(gold.failures()) == []
    assert gold.details["scores"]["all"]["overall"]["value"] == 1.0
    assert gold.files["report.html"].is_file()
    assert repr(load(gold.path)) == repr(gold)
    assert gold.cost.calls == 0
    assert len(pytest.importorskip("pandas").DataFrame(gold.to_pandas())) == len(run)


async def test_failures_say_what_is_wrong(run: Run, tmp_path: Path) -> None:
    guessed = await evaluate_async(run, baseline="random", n=5, run={"dir": tmp_path / "random"})
    failures = list(guessed.failures())
    assert 0 < len(failures) <= len(guessed) == 5
    assert all(line.reason for line in failures)


def test_a_model_is_asked_within_its_budget(run: Run, tmp_path: Path) -> None:
    given = {"run": {"dir": tmp_path / "scripted"}, "beside": []}
    stopped = evaluate(run.path, model="scripted", budget={"calls": 3}, concurrency=1, **given)
    assert (stopped.status, stopped.exit_status, len(stopped)) == ("budget_spent", 4, 0)
    assert stopped.problems and "budget_spent" in repr(stopped)
    with pytest.raises(StoreError, match="holds no scores, because the evaluation had to end"):
        list(stopped)
    whole = evaluate(run.path, model="scripted", **given)
    assert (whole.status, whole.cost.calls) == ("done", len(run))


@pytest.mark.parametrize("other", [{"baseline": "gold"}, {"predictions": "answers.jsonl"}])
def test_a_model_is_not_passed_over_for_somebody_else_who_answers(run: Run, other: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="and a model too, expected one of them"):
        evaluate(run, model="scripted", **other)


def test_a_fault_of_an_evaluation_has_the_words_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ptool.evaluate import main as command

    with pytest.raises(StoreError) as refused:
        evaluate(tmp_path / "nothing")
    assert command([f"data={tmp_path / 'nothing'}"]) == 2
    assert capsys.readouterr().err == f"error: {refused.value}\n"


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "&lt;b&gt; \x1b[31m\u202e\u2066 red \x00",
)


class Tags(HTMLParser):
    """Collects the tags, attributes and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[Any] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_notebook_shows_hostile_text_as_text(run: Run, hostile: str, tmp_path: Path) -> None:
    sample = next(iter(run))
    folder = tmp_path / (hostile.replace("/", "_").replace("\0", "") + ".d")
    folder.mkdir()
    forged = sample.model_copy(update={"query": hostile, "id": hostile, "answer": (hostile, [])})
    (folder / "samples.jsonl").write_text(forged.model_dump_json() + "\n")
    loaded = load(folder)
    assert isinstance(loaded, Samples)
    page = Tags()
    page.feed(loaded._repr_html_())
    assert page.tags <= {"p", "table", "thead", "tbody", "tr", "th", "td"}
    assert page.attributes == []
    assert hostile[:15].partition("\x1b")[0] in page.text
    for shown in (loaded._repr_html_(), repr(loaded)):
        assert not any(character in shown for character in "\x1b\u202e\u2066\x00\n")


def test_a_runs_problems_are_shown_as_text_too(run: Run) -> None:
    shown = Run(run.path, "<script>alert(1)</script>")._repr_html_()
    assert "&lt;script&gt;" in shown and "<script" not in shown


def test_in_a_notebook_there_is_a_bar_that_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A double of IPython's display; tests/docs/test_python_page.py has a real kernel."""
    shown: list[str] = []

    class Handle:
        def update(self, content: str) -> None:
            shown.append(content)

    def display(content: str, display_id: bool) -> Handle:
        shown.append(content)
        return Handle()

    class Shell:
        kernel = object()

    module = type(sys)("IPython.display")
    module.HTML, module.display = str, display  # type: ignore[attr-defined]
    package = type(sys)("IPython")
    package.get_ipython = Shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    assert isinstance(chosen_display(None), NotebookDisplay)
    assert chosen_display(False) is displays.SILENT
    bar = chosen_display(True)
    stage = displays.Stage("<i>episodes</i>", 3)
    with bar.stage(stage, False) as show:
        stage.advance(2)
        show("2 a second; <b>")
    bar.say("ended")
    assert '<progress value="2" max="3">' in shown[-3]
    assert "2 of 3; 2 a second; &lt;b&gt;" in shown[-3]
    assert "&lt;i&gt;episodes&lt;/i&gt;: 2 of 3 in" in shown[-1] and "<i>" not in "".join(shown)
    assert shown[-1].endswith("<div>ended</div></div>")


def test_without_a_notebook_nothing_is_shown_unless_asked_for() -> None:
    assert chosen_display(None) is displays.SILENT
    assert isinstance(chosen_display(True), displays.StreamDisplay)


def test_a_run_of_the_command_is_loaded_as_one_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["scenario=tiny", "users=2", "run.dir=here"]) == 0
    assert "run folder: here" in capsys.readouterr().out
    loaded = load("here")
    assert isinstance(loaded, Run)
    assert (loaded.status, loaded.path) == ("done", tmp_path / "here")
