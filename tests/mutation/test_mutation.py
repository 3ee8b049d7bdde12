"""The changes that `make mutation` plants."""

import ast

import pytest
from mutation import MODULES, ROOT, draw, mutate, mutations

SOURCE = """
if TYPE_CHECKING:
    import c
def f(a: int = 1) -> bool:
    if a < 2 and a in b:
        raise ValueError(a == 3)
    if zip(a, b, strict=True):
        return False
    return a + True
"""


def test_every_change_of_a_small_source() -> None:
    planted = [mutate(SOURCE, number)[0] for number in range(len(list(mutations(ast.parse(SOURCE)))))]
    shown = [set(one.splitlines()) - set(ast.unparse(ast.parse(SOURCE)).splitlines()) for one in planted]
    assert [line.strip() for lines in shown for line in lines] == [
        "def f(a: int=2) -> bool:",
        "def f(a: int=0) -> bool:",
        "if not (a < 2 and a in b):",
        "if a < 2 or a in b:",
        "if a <= 2 and a in b:",
        "if a < 3 and a in b:",
        "if a < 1 and a in b:",
        "if a < 2 and a not in b:",
        "if not zip(a, b, strict=True):",
        "return True",
        "return None",
        "return a - True",
        "return a + False",
    ]


def test_the_sample_is_the_seeds_and_even_over_modules() -> None:
    modules = sorted(MODULES)
    drawn = draw(2 * len(modules), 5, modules)
    assert drawn == draw(2 * len(modules), 5, modules)
    assert drawn != draw(2 * len(modules), 6, modules)
    assert {module: sum(one == module for one, _ in drawn) for module in modules} == dict.fromkeys(modules, 2)


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_their_tests_are_there(module: str) -> None:
    assert (ROOT / module).is_file()
    assert all((ROOT / file).is_file() for file in MODULES[module].split())
