"""Installs the extra `train` for a processor: all but the CUDA packages that torch names (2 GB and more)."""

import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

CUDA = ("cuda-", "nvidia-", "triton")


def main() -> None:
    """Install what the extra lists without its dependencies, then those that a processor has a use for."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    listed = project["optional-dependencies"]["train"]
    install("--no-deps", *listed)
    own = {Requirement(line).name for line in listed}
    needed = [
        requirement
        for name in sorted(own)
        for requirement in map(Requirement, requires(name) or ())
        if requirement.name not in own and not requirement.name.startswith(CUDA)
    ]
    # A marker of an extra (`extra == "…"`) is false where none is asked for.
    install(*(text(one) for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})))


def text(requirement: Requirement) -> str:
    """A requirement without its marker."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def install(*words: str) -> None:
    """Run pip in this environment."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *words], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
