"""How large the branch of a scenario is to be (§4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import TreeError


@dataclass(frozen=True)
class TreeShape:
    """How large a scenario's branch is to be.

    Attributes:
        platforms: platforms a scenario, at least 2.
        apis: APIs a platform.
        depth: category layers between a platform and its APIs, at least 1.
        branching: children a platform or a category may have.
    """

    platforms: int = 3
    apis: int = 24
    depth: int = 1
    branching: int = 6

    def check(self) -> None:
        """Refuse a shape no designer could fill.

        Raises:
            TreeError: one platform, no API, no category layer, or more APIs than the tree can hold.
        """
        if self.platforms < 2:
            raise TreeError(
                f"platforms: got {self.platforms}, expected at least 2: "
                "with one there is no tool personalisation"
            )
        for name in ("apis", "depth", "branching"):
            if getattr(self, name) < 1:
                raise TreeError(f"{name}: got {getattr(self, name)}, expected at least 1")
        most = self.branching ** (self.depth + 1)
        if self.apis > most:
            raise TreeError(
                f"apis: got {self.apis}, expected at most {most}: {self.depth} category layer(s) of "
                f"{self.branching} children hold no more; raise tree.branching or tree.depth"
            )

    def depth_left(self, node: str) -> int:
        """Category layers still to make below a platform or a category."""
        return self.depth - (node.count("/") - 1)


def usual_categories(quota: int, most: int) -> int:
    """How many categories so many APIs are usually put into: about three in each."""
    return max(1, min(most, -(-quota // 3), quota))
