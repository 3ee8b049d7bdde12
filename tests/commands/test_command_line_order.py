"""Options and overrides may be mixed; Hydra gets them sorted."""

import pytest
from ptool.cli.args import check_options, in_order
from ptool.errors import ConfigError


@pytest.mark.parametrize(
    ("words", "sorted_words"),
    [
        ("seed=1 --config-dir mine users=2", "--config-dir mine seed=1 users=2"),
        ("seed=1,2 -m run.dir=x", "-m seed=1,2 run.dir=x"),
        ("~model --cfg job +a.b=1", "--cfg job ~model +a.b=1"),
        ("seed=1 --config-dir=mine users=2", "--config-dir=mine seed=1 users=2"),
        ("seed=1 --info users=2", "--info seed=1 users=2"),
        ("seed=1 --info config users=2", "--info config seed=1 users=2"),
        ("seed=-1", "seed=-1"),
        ("", ""),
    ],
)
def test_order(words, sorted_words):
    assert in_order(words.split()) == sorted_words.split()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--nope", "unrecognized arguments: --nope"),
        ("--cfg foo", "invalid choice: 'foo'"),
        ("--config-dir", "expected one argument"),
    ],
)
def test_an_option_that_is_not_there_is_refused_in_one_line(words, says):
    with pytest.raises(ConfigError, match=says) as caught:
        check_options(words.split())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("words", ["", "--help", "--version", "-m seed=1,2", "--cfg job seed=1"])
def test_what_hydra_takes_passes(words):
    check_options(words.split())
