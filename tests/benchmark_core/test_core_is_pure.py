"""The core is a library of its own: importing and using it loads no agent, no configuration, no numerics."""

import subprocess
import sys

USED = """
import sys
from ptool.benchmark import GoldCall, Item, render, score
item = Item("i", "u", "s", None, "Mart", (GoldCall("f", {"a": (1,)}),))
assert score(item, render(item)).overall
assert score(item, render(item, braces=False), scorer="official").overall
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_nothing_heavy_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", USED], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "ptool" in loaded
    heavy = {
        "autogen_core",
        "autogen_agentchat",
        "autogen_ext",
        "hydra",
        "omegaconf",
        "pydantic",
        "numpy",
        "scipy",
    }
    assert loaded & (heavy | {"asyncio", "networkx", "aiohttp", "openai"}) == set()
