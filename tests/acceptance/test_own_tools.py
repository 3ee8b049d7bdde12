"""Documents of every kind end in a dataset whose arguments the documents themselves allow (`tools.file`)."""

import json
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from in_process import command

sys.path.insert(0, str(Path(__file__).parents[1] / "trees" / "documents"))
from original_documents import faults, load

THINGS = (
    *(
        "tent",
        "kayak",
        "bike",
        "drone",
        "piano",
        "canoe",
        "loom",
        "easel",
        "anvil",
        "sewing_machine",
        "projector",
    ),
    *(
        "telescope",
        "lathe",
        "kiln",
        "surfboard",
        "sledge",
        "saddle",
        "harp",
        "microscope",
        "generator",
        "mixer",
    ),
    *("trailer", "ladder", "marquee", "pressure_washer"),
)
VERBS = {"RentRight": ("find", "rent"), "LoanLoft": ("search", "hire")}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def rentals() -> dict[str, Any]:
    """An OpenAPI document of 100 operations of two platforms, with references within references."""
    paths: dict[str, Any] = {}
    for platform, (look, take) in VERBS.items():
        for thing in THINGS:
            title = thing.title().replace("_", "")
            paths[f"/{platform}/{thing}"] = {
                "x-platform": platform,
                "get": {
                    "operationId": f"{look}{title}",
                    "summary": f"Look for a {thing.replace('_', ' ')} to rent.",
                    "parameters": [
                        {"name": "for", "in": "query", "required": True, "schema": ref("Purpose")},
                        {"name": "max-price", "in": "query", "schema": ref("Price")},
                        {"name": "X-Currency", "in": "header", "required": True, "schema": ref("Currency")},
                        {"name": "within", "in": "query", "schema": ref("Offer")},
                    ],
                    "responses": {
                        "200": {"description": "", "content": {"application/json": {"schema": ref("Offer")}}}
                    },
                },
                "post": {
                    "operationId": f"{take}-{thing}",
                    "summary": f"Rent a {thing.replace('_', ' ')}.",
                    "requestBody": {"$ref": "#/components/requestBodies/Rent"},
                    "responses": {"201": {"description": ""}},
                },
            }
    schemas = {
        "Purpose": {"type": "string", "minLength": 3},
        "Money": {"type": "number", "minimum": 5, "exclusiveMinimum": True},
        "Price": {"allOf": [ref("Money"), {"maximum": 60}]},
        "Currency": {"type": "string", "pattern": "^[A-Z]{3}$", "nullable": True},
        "Day": {"type": "string", "format": "date"},
        "Period": {
            "type": "object",
            "required": ["day"],
            "properties": {"day": ref("Day"), "days": ref("Days")},
        },
        "Days": {"type": "integer", "minimum": 1, "maximum": 14},
        "Extras": {
            "type": "array",
            "items": {"type": "string", "enum": ["helmet", "case", "charger"]},
            "uniqueItems": True,
        },
        "Renter": {
            "type": "object",
            "required": ["email"],
            "properties": {"email": {"type": "string", "format": "email"}},
        },
        "Rental": {
            "allOf": [
                ref("Period"),
                ref("Renter"),
                {
                    "properties": {
                        "for": ref("Purpose"),
                        "insured": {"type": "boolean"},
                        "extras": ref("Extras"),
                    },
                    "required": ["for"],
                },
                {"properties": {"id": {"type": "string", "readOnly": True}, "next": ref("Rental")}},
            ]
        },
        "Offer": {"type": "object", "properties": {"price": ref("Price"), "like": ref("Offer")}},
    }
    body = {"required": True, "content": {"application/json": {"schema": ref("Rental")}}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Rentals", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas, "requestBodies": {"Rent": body}},
    }


def schemas(*names: str) -> list[tuple[str, dict[str, Any]]]:
    """Functions with references to their own definitions, as code that writes schemas leaves them."""
    look, take = names
    purpose = {"type": "string", "title": "Purpose"}
    definitions = {"Day": {"type": "string", "format": "date"}, "When": {"$ref": "#/$defs/Day"}}
    common = {"for": purpose, "day": {"$ref": "#/$defs/When"}}
    optional = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 9}, {"type": "null"}], "default": None}
    return [
        (
            look,
            {
                "type": "object",
                "properties": {**common, "currency": {"type": "string"}},
                "required": ["for", "currency"],
                "$defs": definitions,
            },
        ),
        (
            take,
            {
                "type": "object",
                "properties": {**common, "days": optional, "email": {"type": "string"}},
                "required": ["for", "day", "email"],
                "additionalProperties": False,
                "$defs": definitions,
            },
        ),
    ]


def mcp(*names: str) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"tools": [{"name": n, "inputSchema": s} for n, s in schemas(*names)]},
    }


def functions(*names: str) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": n, "parameters": s}} for n, s in schemas(*names)]


LEXICON = {
    "name": "rentals",
    "description": "Renting things for a while.",
    "contexts": {
        "work": {
            "label": "work",
            "description": "Things one works with.",
            "purposes": ["the building site", "a fair"],
        },
        "leisure": {
            "label": "leisure",
            "description": "Things for free days.",
            "purposes": ["the summer camp", "a holiday"],
        },
    },
    "parameters": {
        "purpose": {
            "names": ["for"],
            "by_context": {
                "work": ["film shoots", "repairs", "school lessons"],
                "leisure": ["camping", "garden parties", "lake trips"],
            },
        },
        "currency": {"names": ["X-Currency"], "feature": "currency"},
        "day": {"date": ["2027-02-01", "2027-11-30"]},
        "max_price": {"number": [10, 50, 0.5], "clause": ["pay at most {value}"]},
    },
}


def run(folder: Path, *words: str) -> CompletedProcess[str]:
    return command("run", "users=4", "queries_per_user=6", *words, folder=folder)


@pytest.mark.parametrize("kind", ["openapi", "mcp", "functions"])
def test_every_answer_is_one_that_the_document_allows(kind: str, tmp_path: Path) -> None:
    documents = {
        "openapi": {"rentals.json": rentals()},
        "mcp": {"sky.json": mcp("find_tent", "rent_tent"), "air.json": mcp("searchTents", "hireTent")},
        "functions": {
            "sky.json": functions("find_tent", "rent_tent"),
            "air.json": functions("searchTents", "hireTent"),
        },
    }[kind]
    (tmp_path / "apis").mkdir()
    for name, document in documents.items():
        (tmp_path / "apis" / name).write_text(json.dumps(document))
    (tmp_path / "words.yaml").write_text(yaml.safe_dump(LEXICON, sort_keys=False))
    words = ("tools.file=apis", "tools.lexicon=words.yaml")

    done = run(tmp_path, *words, "run.dir=out")

    assert done.returncode == 0, done.stderr[-2000:]
    understood = yaml.safe_load((tmp_path / "out/tools.yaml").read_text())
    assert understood["left_out"] == []
    tree = json.loads((tmp_path / "out/api_tree.json").read_bytes())
    marks = {
        tuple(node["id"].split("/")[1::2]): node["parameters"]["properties"]
        for node in tree["nodes"]
        if node["kind"] == "api"
    }
    assert len(marks) == (100 if kind == "openapi" else 4)
    originals = {name: load(tmp_path / "apis" / name) for name in documents}
    samples = [json.loads(line) for line in (tmp_path / "out/dataset/samples.jsonl").read_text().splitlines()]
    assert len(samples) >= 20
    most = 0
    for sample in samples:
        platform, calls = sample["answer"]
        for api, right in (pair for call in calls for pair in call.items()):
            arguments = {name: values[0] for name, values in right.items()}
            path, _, pointer = understood["functions"][platform][api]["source"].partition("#")
            assert faults(originals[Path(path).name], pointer, marks[platform, api], arguments) == []
            most = max(most, len(arguments))
    assert most >= 3


def test_the_validator_of_this_test_objects(tmp_path: Path) -> None:
    """To a price that a reference in a reference forbids, to a body without what all of its parts require."""
    document = rentals()
    (tmp_path / "rentals.json").write_text(json.dumps(document))
    loaded = load(tmp_path / "rentals.json")
    place = "/paths/~1RentRight~1tent"
    look = {
        "for_": {"x-in": "query", "x-name": "for"},
        "max_price": {"x-in": "query", "x-name": "max-price"},
        "X_Currency": {"x-in": "header", "x-name": "X-Currency"},
    }
    right = {"for_": "camping", "max_price": 6.0, "X_Currency": "EUR"}
    assert faults(loaded, f"{place}/get", look, right) == []
    assert len(faults(loaded, f"{place}/get", look, {**right, "max_price": 5})) == 1
    assert faults(loaded, f"{place}/get", look, {"for_": "camping"}) == ["missing ('header', 'X-Currency')"]
    body = {name: {"x-in": "body"} for name in ("day", "email", "for_")} | {
        "for_": {"x-in": "body", "x-name": "for"}
    }
    assert faults(loaded, f"{place}/post", body, {"day": "2027-02-30", "email": "a@example.org"}) != []


def test_without_words_the_scripted_model_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "rentals.json").write_text(json.dumps(rentals()))
    done = run(tmp_path, "tools.file=rentals.json")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert (
        "the scripted model has no words for RentRight.findTent: give it some with tools.lexicon=FILE"
        in done.stderr
    )
    assert [one.name for one in tmp_path.iterdir()] == ["rentals.json"]


def test_functions_that_nothing_of_a_profile_fills_are_refused_before_anything_is_made(
    tmp_path: Path,
) -> None:
    """Else every episode is played, and the gate for what is personal keeps none."""
    look = [("look", {"type": "object", "properties": {"for": {"type": "string"}}, "required": ["for"]})]
    tools = [{"name": name, "inputSchema": schema} for name, schema in look]
    for platform in ("sky", "air"):
        (tmp_path / f"{platform}.json").write_text(json.dumps({"tools": tools}))
    (tmp_path / "words.yaml").write_text(yaml.safe_dump(LEXICON, sort_keys=False))
    words = ("tools.file=[sky.json,air.json]", "tools.lexicon=words.yaml", "run.dir=out")
    done = run(tmp_path, *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "parameters: no function takes anything that a user's profile knows" in done.stderr
    assert not (tmp_path / "out").exists()
    assert run(tmp_path, *words, "gates=[grounding]", "queries_per_user=2").returncode == 0
