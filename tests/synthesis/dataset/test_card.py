"""The dataset card: valid front matter, no figure but of the statistics, and nothing foreign at work."""

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from markdown_it import MarkdownIt
from ptool.records import Sample
from ptool.records.dataset_statistics import (
    Audit,
    CaughtRow,
    Decidability,
    Diversity,
    GateRow,
    InjectionRow,
    Interchangeability,
    Necessity,
    SplitRow,
    Spread,
    Statistics,
)
from ptool.synthesis.dataset.card import card
from pydantic import BaseModel

SPLIT = {"train": "train.jsonl", "test": "test.jsonl", "unseen": "unseen.jsonl", "reserve": "reserve.jsonl"}
HOSTILE = (
    "<script>alert(1)</script>", "![x](https://e.org/x.png)", "[a](javascript:alert(1))", "<img src=x>",
    "`` ` ``` ~~~", "| a | b |", "\n# heading\n", "\n---\nlicense: mit\n---\n", "https://evil.example/x",
    "www.evil.example", "&lt;b&gt; <!-- x", "{{ 7 * 7 }} {% raw %}", "**bold** _em_ ~~gone~~", "\ud800",
    "\x1b[2J\u202e\u2028x", "<https://evil.example>", "[x]: https://evil.example", "$x^2$ \\[ y \\]",
    "'\": {}\t- &a *b !!python/object", "a@evil.example",
)  # fmt: skip


def statistics(**changed: Any) -> Statistics:
    """Figures that all differ: integers from 20,001, shares from 0.101."""
    whole, part = count(20_001), count(101)

    def figures(record: type[BaseModel], **given: Any) -> Any:
        made = {}
        for name, field in record.model_fields.items():
            if field.annotation is int:
                made[name] = next(whole)
            elif field.annotation in (float, float | None):
                made[name] = next(part) / 1_000
        return record(**(made | given))

    rows = [
        ("train", SPLIT["train"]),
        ("test", SPLIT["test"]),
        ("untrained", None),
        ("unseen", SPLIT["unseen"]),
    ]
    spread = Spread(used=1, offered=1, counts={})
    kinds = ("wrong_value", "extra_call")
    return Statistics(
        **{
            "model": "m at http://127.0.0.1", "scripted": False,
            "splits": tuple(figures(SplitRow, name=name, file=file) for name, file in rows),
            "funnel": {"made": next(whole), "rule_rejected": next(whole), "kept": next(whole)},
            "reasons": {"query.leak": next(whole)},
            "gates": (figures(GateRow, gate="near_duplicates"),),
            "parameters": 3.65,
            "origins": {"query": next(whole), "profile": next(whole), "default": next(whole)},
            "platforms": {}, "apis": spread, "features": spread, "contexts": spread,
            "diversity": figures(Diversity), "decidability": figures(Decidability, by_scenario={}),
            "necessity": figures(Necessity), "interchangeability": figures(Interchangeability),
            "audit": figures(
                Audit,
                corruptions=tuple(figures(CaughtRow, kind=kind) for kind in kinds),
                injections=(figures(InjectionRow, place="query"),),
            ),
        }
        | changed
    )  # fmt: skip


def made(figures: Statistics | None = None, **changed: Any) -> str:
    given = {
        "title": "Ours", "scenarios": {"shop": "Buying."}, "license": "cc-by-4.0", "seed": 0,
        "digest": "abcdefabcd", "content": "c0ffee",
        "command": "python -m ptool.run", "versions": {"ptool": "x"}, "files": SPLIT,
    }  # fmt: skip
    return card(figures or statistics(), **(given | changed)).decode()


def front(text: str) -> dict[str, Any]:
    opening, front, _ = text.split("---\n", 2)
    assert opening == ""
    return yaml.safe_load(front)


def leaves(value: Any) -> Iterator[Any]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    for one in inside if inside is not None else ():
        yield from leaves(one)
    if inside is None:
        yield value


def test_the_front_matter_is_what_the_hub_reads() -> None:
    found = front(made())
    assert found["license"] == "cc-by-4.0"
    assert found["language"] == ["en"]
    assert found["size_categories"] == ["10K<n<100K"]
    assert found["task_categories"] == ["text-generation"]
    default, reserve = found["configs"]
    assert default == {
        "config_name": "default",
        "description": "SHA-256 c0ffee",
        "data_files": [
            {"split": name, "path": f"tables/{SPLIT[name]}"} for name in ("train", "test", "unseen")
        ],
    }
    assert reserve == {
        "config_name": "reserve", "description": "SHA-256 c0ffee",
        "data_files": [{"split": "train", "path": "tables/reserve.jsonl"}],
    }  # fmt: skip
    assert [one["config_name"] for one in found["dataset_info"]] == ["default", "reserve"]
    assert "&" not in made().split("---\n")[1]  # no anchors


def test_a_dataset_without_splits_is_one_train_split() -> None:
    row = SplitRow(name="all", scenarios=1, platforms=3, apis=9, users=2, queries=999, file="samples.jsonl")
    text = made(statistics(splits=(row,)), files={"all": "samples.jsonl"})
    assert front(text)["configs"][0]["data_files"] == [{"split": "train", "path": "tables/samples.jsonl"}]
    assert front(text)["size_categories"] == ["n<1K"]
    assert 'open("samples.jsonl"' in text
    assert "untrained*" not in text


@pytest.mark.parametrize(
    ("samples", "size"), [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (10_000, "10K<n<100K")]
)
def test_sums_and_parts_of_rows_do_not_count_twice(samples: int, size: str) -> None:
    row = SplitRow(
        name="train", scenarios=1, platforms=1, apis=1, users=1, queries=samples, file="train.jsonl"
    )
    whole = row.model_copy(update={"name": "all", "file": None})
    assert front(made(statistics(splits=(row, whole))))["size_categories"] == [size]


def test_every_column_is_declared_as_text() -> None:
    columns = [{"name": name, "dtype": "string"} for name in Sample.model_fields]
    assert [info["features"] for info in front(made())["dataset_info"]] == [columns, columns]


def test_the_shared_form_has_configurations_of_what_is_shared() -> None:
    text = made(shared=True)
    found = front(text)
    columns = {
        one["config_name"]: [column["name"] for column in one["features"]] for one in found["dataset_info"]
    }
    left = [name for name in Sample.model_fields if name not in ("user_profile", "platforms", "tools")]
    assert columns == {
        "default": left, "reserve": left, "tools": ["scenario", "platforms", "tools"],
        "users": ["user_id", "user_profile"],
    }  # fmt: skip
    assert found["configs"][2]["data_files"] == [{"split": "train", "path": "tables/tools.jsonl"}]
    program = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert "tools.jsonl" in program and compile(program, "card", "exec")


def test_every_number_is_of_the_statistics() -> None:
    figures = statistics()
    body = made(figures).split("---\n", 2)[2]
    for part in ("## Loading", "## A record"):  # versions of libraries, and names
        start = body.index(part)
        body = body[:start] + body[body.index("\n## ", start + 3) :]
    body = re.sub(r".*\(quoted\).*", "", body)  # numbers of the paper
    body = (
        re.sub(r"```.*?```", "", body, flags=re.DOTALL)
        .replace("127.0.0.1", "")
        .replace("cc-by-4.0", "")
        .replace("Table 5", "")
        .replace("Table 9", "")
    )
    known = set()
    for one in leaves(figures.model_dump(mode="json")):
        if isinstance(one, int) and not isinstance(one, bool):
            known.add(f"{one:,}")
        elif isinstance(one, float):
            known |= {f"{one:,.2f}", f"{100 * one:.1f}"}
    shown = set(re.findall(r"\d[\d,.]*\d|\d", body.replace("seed 0", "")))
    assert shown <= known
    assert len(shown) > 60


def test_the_figures_follow_the_statistics() -> None:
    calm = statistics()
    less = calm.necessity.model_copy(update={"unsolvable": 0.4321})
    assert "43.2 %" in made(calm.model_copy(update={"necessity": less}))
    assert "43.2 %" not in made(calm)
    assert "Nobody put the judges on trial" in made(calm.model_copy(update={"audit": None}))
    bits = calm.diversity.model_copy(update={"preference_entropy": 0.5})
    assert "| 0.50 |" in made(calm.model_copy(update={"diversity": bits}))


def test_what_no_model_wrote_says_so_in_the_first_lines() -> None:
    title = re.escape("# Ours\n\n> **No language model took part.**")
    assert re.search(title, made(statistics(scripted=True)))
    assert "No language model" not in made(statistics(scripted=False))
    assert "scripted" in front(made(statistics(scripted=True)))["tags"]


def test_what_falls_short_stands_before_everything_else() -> None:
    text = made(statistics(short_of=("splits.most.trained: 474 wanted, 3 there",)))
    assert text.index("474 wanted") < text.index("Requests that people made")


def test_every_field_of_a_record_is_explained_in_the_records_own_words() -> None:
    text = made()
    for name, field in Sample.model_fields.items():
        assert f"| `{name}` | {field.description} |".replace("<", "&lt;") in text
    assert "`origins[].evidence.span`" in text


def test_equal_arguments_give_equal_bytes() -> None:
    assert made() == made()
    assert made().endswith("```\n")


@pytest.mark.parametrize("payload", HOSTILE)
def test_foreign_texts_are_inert_everywhere(payload: str) -> None:
    clean = statistics(scripted=False)
    row = clean.splits[0].model_copy(update={"name": payload})
    figures = clean.model_copy(
        update={
            "model": payload, "short_of": (payload,), "reasons": {payload: 3}, "funnel": {payload: 3},
            "splits": (row, *clean.splits[1:]), "gates": (GateRow(gate=payload, judged=1, rejected=1),),
            "audit": clean.audit and clean.audit.model_copy(update={
                "corruptions": (CaughtRow(kind=payload, cases=1, by_rules=1, by_judges=1, caught=1),),
                "injections": (InjectionRow(place=payload, cases=1, to_accepted=0, to_rejected=0),),
            }),
        }
    )  # fmt: skip
    foreign = {
        "title": payload, "scenarios": {payload: payload}, "command": f"python -m ptool.run a={payload}",
        "versions": {payload: payload},
    }  # fmt: skip
    text, plain = made(figures, **foreign), made(figures, **{**foreign, "title": "Ours"})
    assert front(text).keys() == front(made()).keys()
    assert front(text)["license"] == "cc-by-4.0"
    assert front(text)["pretty_name"].isprintable()
    safe = statistics(reasons={"x": 3}, funnel={"x": 3}, short_of=("x",), gates=clean.gates)
    calm = made(safe, title="x", scenarios={"x": "x"})
    assert shape(text) == shape(plain) == shape(calm)


def shape(text: str) -> list[str]:
    """The kinds of everything a reader of Markdown sees in a card, foreign words left out."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    found = []
    for token in reader.parse(text.split("---\n", 2)[2]):
        kinds = [
            one.type for one in token.children or () if one.type not in ("text", "softbreak", "text_special")
        ]
        found += [token.type, *kinds]
    tables = [one for one in found if one.startswith(("html", "link", "image"))]
    assert tables == []
    return [one for one in found if one not in ("tr_open", "tr_close", "td_open", "td_close", "inline")]


def test_datasets_reads_the_folder_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets", reason="needs Hugging Face datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    odd = [
        ["3045", "[7]"],
        ["2024-05-01", ""],
        ["null", "1e999"],
        ["NaN", "\u2028"],
    ]  # look like something else
    (tmp_path / "tables").mkdir()
    for split, file in SPLIT.items():
        rows = [
            dict.fromkeys(Sample.model_fields, text) | {"id": f"{split}-{number}"}
            for number, text in enumerate(odd[len(split) % 4])
        ]
        (tmp_path / "tables" / file).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (tmp_path / "rejected.jsonl").write_text('{"id": "x"}\n')
    (tmp_path / "README.md").write_text(made())
    for name, splits in (("default", ("train", "test", "unseen")), ("reserve", ("train",))):
        loaded = datasets.load_dataset(str(tmp_path), name, cache_dir=str(tmp_path / "cache"))
        assert tuple(loaded) == splits
        for split in splits:
            file = SPLIT["reserve" if name == "reserve" else split]
            assert list(loaded[split]) == [json.loads(line) for line in (tmp_path / "tables" / file).open()]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("test", "| This dataset (test) | 9 | 2 | 999 | ✗ | ✓ | ✓ |"),
        ("all", "| This dataset (everything) | 9 | 2 | 999 | ✗ | ✓ | ✓ |"),
        ("train", None),  # nothing to compare with benchmarks
    ],
)
def test_the_dataset_stands_beside_other_benchmarks(name: str, row: str | None) -> None:
    part = SplitRow(name=name, scenarios=1, platforms=3, apis=9, users=2, queries=999)
    figures = statistics(splits=(part,))
    alone = figures.interchangeability.model_copy(update={"other_user_elsewhere": 0.0})
    text = made(figures.model_copy(update={"interchangeability": alone}))
    assert "| ToolSpectrum (quoted) | 42 | 158 | 1,000 | ✓ | ✓ | ✗ |" in text
    assert [line for line in text.splitlines() if line.startswith("| This dataset")] == ([row] if row else [])
