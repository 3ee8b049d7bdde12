"""An API tree that is brought along instead of grown: `tree.file`, as node-link JSON or GraphML.

It knows the two formats and what a run asks of its tree; it makes nothing.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigError, TreeError, names
from ..settings import Settings
from ..settings.texts import check_texts
from ..texts.byte_order_marks import as_utf8
from ..trees.api_tree import ApiTree
from ..trees.graph_io import from_graphml, from_json

READERS = {".json": from_json, ".graphml": from_graphml}
MAX_BYTES = 256 * 1024 * 1024


def load_given_tree(settings: Settings) -> ApiTree | None:
    """The tree of `tree.file`, checked; None where the run grows its own (§4.1).

    Raises:
        ConfigError: the file cannot be read, is of another kind, or holds a text that hides something.
        TreeError: the tree breaks an invariant, or holds other scenarios than the run.
    """
    if settings.tree.file is None:
        return None
    path = Path(settings.tree.file)
    read = READERS.get(path.suffix)
    if read is None:
        raise ConfigError(f"tree.file: got {path.name!r}, expected a file that ends in {names(READERS)}")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"tree.file: {path} has more than {MAX_BYTES} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"tree.file: {path} cannot be read: {error.strerror}") from None
    graph = read(as_utf8(content), str(path))
    for node, attributes in graph.nodes(data=True):
        check_texts({"name": node}, f"tree.file: {path}: a node")
        check_texts(attributes, f"tree.file: {path}: {node}")
    check_texts(graph.graph, f"tree.file: {path}: graph")
    tree = ApiTree(graph)
    tree.check()
    wanted = [scenario.name for scenario in settings.scenarios()]
    if sorted(tree.scenarios()) != sorted(wanted):
        raise TreeError(
            f"tree.file: {path} holds {names(tree.scenarios())}, the run takes place in {names(wanted)}"
        )
    return tree
