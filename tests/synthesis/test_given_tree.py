"""A run may bring its API tree along; what is wrong with it is said before anything is made."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hydra import compose, initialize_config_module
from in_process import command
from omegaconf import OmegaConf
from ptool.settings import validated
from ptool.synthesis.given_tree import load_given_tree


def run(folder: Path, *overrides: str) -> CompletedProcess[str]:
    return command("run", "scenario=tiny", "users=2", "queries_per_user=2", *overrides, folder=folder)


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("grown")
    assert run(folder, "run.dir=first").returncode == 0
    return folder


@pytest.mark.parametrize("kind", ["json", "graphml"])
def test_a_tree_that_a_run_left_gives_the_same_data(grown, kind):
    done = run(grown, f"run.dir=again_{kind}", f"tree.file=first/api_tree.{kind}")

    assert done.returncode == 0, done.stderr
    for name in ("api_tree.json", "dataset/samples.jsonl"):
        assert (grown / f"again_{kind}" / name).read_bytes() == (grown / "first" / name).read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", ["json", "graphml"])
def test_a_tree_behind_a_byte_order_mark_is_read(grown, tmp_path, kind, encoding):
    with initialize_config_module("ptool.conf", version_base="1.3"):
        config = OmegaConf.to_container(compose("config", ["scenario=tiny"]), resolve=True)
    text = (grown / "first" / f"api_tree.{kind}").read_text("utf-8")
    (tmp_path / f"tree.{kind}").write_bytes(text.encode(encoding))
    own = {**config, "tree": {**config["tree"], "file": str(tmp_path / f"tree.{kind}")}}
    given, plain = load_given_tree(validated(own)), (grown / "first" / f"api_tree.{kind}")
    other = load_given_tree(validated({**own, "tree": {**config["tree"], "file": str(plain)}}))
    assert list(given.graph.nodes(data=True)) == list(other.graph.nodes(data=True))


def remote_reference(node):
    node["parameters"]["properties"]["item"] = {"$ref": "https://example.org/schema.json"}


def required_but_absent(node):
    node["parameters"]["required"].append("colour")


def no_schema(node):
    node["parameters"] = {"type": "text"}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [(remote_reference, "$ref"), (required_but_absent, "colour"), (no_schema, "orderItem")],
)
def test_an_invalid_api_schema_is_refused_in_one_line(grown, tmp_path, spoil, says):
    tree = json.loads((grown / "first/api_tree.json").read_bytes())
    spoil(next(node for node in tree["nodes"] if node.get("name") == "orderItem"))
    (tmp_path / "mine.json").write_text(json.dumps(tree))

    done = run(tmp_path, "tree.file=mine.json")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["mine.json"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("tree.json", "[1", "not JSON"),
        ("tree.json", "{}", "not a node-link graph"),
        ("tree.graphml", "<a/>", "tree.graphml"),
        ("tree.yaml", "", "'.graphml', '.json'"),
        ("missing.json", None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_tree_is_refused_in_one_line(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_text(content)

    done = run(tmp_path, f"tree.file={name}")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert says in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_tree_of_another_scenario_is_refused(grown):
    done = run(grown, "scenario=shopping", "tree.file=first/api_tree.json")

    assert done.returncode == 2
    assert "holds 'tiny', the run takes place in 'shopping'" in done.stderr


@pytest.mark.parametrize(
    ("kind", "spoil", "says"),
    [
        (
            "api",
            {"description": "a\u202eb"},
            "findItem.description: got 'a\\u202eb' with the character U+202E",
        ),
        ("api", {"name": "x" * 100_000}, "findItem.name: got 100,000 characters, expected at most 200"),
        ("platform", {"name": "x\x1b[31m"}, "CornerCart.name: got 'x\\x1b[31m' with the character U+001B"),
        ("scenario", {"contexts": [{"name": "a\x07"}]}, "contexts[0].name: got 'a\\x07'"),
    ],
)
def test_a_text_that_hides_something_is_refused_with_its_place(grown, tmp_path, kind, spoil, says):
    tree = json.loads((grown / "first/api_tree.json").read_bytes())
    next(node for node in tree["nodes"] if node["kind"] == kind).update(spoil)
    (tmp_path / "mine.json").write_text(json.dumps(tree))

    done = run(tmp_path, "tree.file=mine.json")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert says in done.stderr
    assert len(done.stderr) < 400 and done.stderr.strip().isprintable()


@pytest.mark.parametrize("kind", ["json", "graphml"])
def test_a_tree_may_begin_with_a_byte_order_mark(grown, tmp_path, kind):
    content = (grown / f"first/api_tree.{kind}").read_bytes()
    (tmp_path / f"mine.{kind}").write_bytes(b"\xef\xbb\xbf" + content)
    assert run(tmp_path, f"tree.file=mine.{kind}").returncode == 0
