"""Templates and static files: how a page becomes HTML, everything in it escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from ...rendering.document import TEMPLATES as SHARED
from ...rendering.text import inert, share

_HERE = Path(__file__).parent
_STYLES = (SHARED / "light.css", SHARED / "dark.css", _HERE / "static" / "review.css")


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Name -> content and type of every file that is served: these and no others, whatever is asked for."""
    style = b"".join(path.read_bytes() for path in _STYLES)
    script = (_HERE / "static" / "review.js").read_bytes()
    return {
        "review.css": (style, "text/css; charset=utf-8"),
        "review.js": (script, "text/javascript; charset=utf-8"),
    }


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"inert": inert, "share": share}
    return environment


def render(template: str, **values: object) -> bytes:
    """A page, as it is sent."""
    text = _templates().get_template(template).render(**values)
    return text.encode("utf-8", "replace")
