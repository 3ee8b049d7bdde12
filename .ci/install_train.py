"""Installs the extra `train` for a processor: torch without the CUDA packages of its own (2 GB and more)."""

import subprocess
import sys
import tomllib
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

CPU_TORCH = "torch==2.13.0+cpu"
"""Built without CUDA; the torch of PyPI cannot even be imported without its CUDA packages."""
CUDA = ("cuda-", "nvidia-", "triton")


def main() -> None:
    """Install torch, what the extra lists without its dependencies, then those that a processor needs."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    listed = {Requirement(line).name: line for line in project["optional-dependencies"]["train"]}
    if find_spec("torch") is None and not install("--no-deps", CPU_TORCH):
        print(f"{CPU_TORCH} is not to be had: torch with all of CUDA instead", file=sys.stderr)
        install(listed["torch"])
    install("--no-deps", *listed.values())
    needed = [
        requirement
        for name in listed
        for requirement in map(Requirement, requires(name) or ())
        if requirement.name not in listed and not requirement.name.startswith(CUDA)
    ]
    # A marker of an extra (`extra == "…"`) is false where none is asked for.
    if not install(
        *(text(one) for one in needed if one.marker is None or one.marker.evaluate({"extra": ""}))
    ):
        sys.exit("the extra train cannot be installed; pip says why")


def text(requirement: Requirement) -> str:
    """A requirement without its marker."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def install(*words: str) -> bool:
    """Run pip in this environment; whether it succeeded."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, *words], check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    main()
