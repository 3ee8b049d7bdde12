"""A `_target_` that cannot be made says why in one line."""

import pytest
from ptool.errors import ConfigError
from ptool.settings import ObjectSettings
from ptool.settings.instantiate import build


def spec(target: str, **arguments: object) -> ObjectSettings:
    return ObjectSettings.model_validate({"_target_": target, **arguments})


def test_arguments_of_code_join_those_of_the_configuration() -> None:
    assert build(spec("fractions.Fraction", numerator=1), "thing", denominator=2) == 0.5


@pytest.mark.parametrize(
    ("target", "arguments", "line"),
    [
        ("nowhere.Thing", {}, "thing._target_: got 'nowhere.Thing', which cannot be used:"),
        ("ptool.agents.Rol", {}, "thing._target_: got 'ptool.agents.Rol', which cannot be used:"),
        ("os.system", {"command": "true"}, "thing._target_: got 'os.system', which cannot be used:"),
        ("collections.Counter.nope", {}, "which cannot be used:"),
        ("fractions.Fraction", {"numeratr": 1}, "thing.numeratr: no such argument; there are"),
        ("textwrap.shorten", {"width": 3}, "thing.text: missing, shorten requires it"),
        ("fractions.Fraction", {"numerator": "x"}, "thing: fractions.Fraction refuses its arguments"),
    ],
)
def test_what_cannot_be_made_is_one_line(target: str, arguments: dict[str, object], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(spec(target, **arguments), "thing")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
