"""What a package offers is real, and everything public says what it is for."""

import ast
import importlib
from pathlib import Path

import ptool
import pytest
from test_layers import sources

ROOT = Path(ptool.__file__).parent
MODULES = sources()


def offered(path: Path) -> list[str] | None:
    """The names in a module's `__all__`; None where it has none."""
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


@pytest.mark.parametrize("path", [path for path in MODULES if offered(path) is not None], ids=str)
def test_offered_names_exist_once(path: Path) -> None:
    dotted = ".".join(("ptool", *path.with_suffix("").parts)).removesuffix(".__init__")
    module, listed = importlib.import_module(dotted), offered(path) or []
    assert [name for name in listed if not hasattr(module, name)] == []
    assert len(set(listed)) == len(listed)


def undocumented(source: str) -> list[str]:
    """Public functions, classes and methods without a docstring; overriding methods may go without."""
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) else ["the module"]
    for owner in [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]:
        inherits = isinstance(owner, ast.ClassDef) and bool(owner.bases) and owner.name[0] != "_"
        private = isinstance(owner, ast.ClassDef) and owner.name[0] == "_"
        for node in owner.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                exempt = node.name[0] == "_" or private or (inherits and not isinstance(node, ast.ClassDef))
                if not exempt and not ast.get_docstring(node):
                    found.append(node.name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_everything_public_has_a_docstring(path: Path) -> None:
    assert undocumented((ROOT / path).read_text()) == []


def test_a_missing_docstring_is_found() -> None:
    source = '"""M."""\nclass A:\n    """A."""\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...\n'
    assert undocumented(source) == ["h", "f"]
