"""Options and overrides may be mixed; Hydra gets them sorted."""

import pytest
from ptool.command_line import in_order


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
