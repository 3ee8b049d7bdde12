"""The verifier solves the query itself and compares, call by call and argument by argument (§4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ....records import Finding, Verdict
from ..role_request import RoleRequest
from .assistant import solve


def verifier(request: RoleRequest) -> Verdict:
    """Judge the triple of profile, query and solution."""
    findings = tuple(_compare(request, request.view("solution")))
    return Verdict(ok=not findings, reasons=findings)


def _compare(request: RoleRequest, given: dict[str, Any]) -> Iterator[Finding]:
    own = solve(request)
    if not own.calls:
        yield _finding("unclear_query", "", "the query asks for nothing that can be recognised", "query")
        return
    if given["platform"] != own.platform:
        message = f"got {given['platform']!r}, but what this user values points elsewhere"
        yield _finding("wrong_platform", "platform", message)
        return
    if len(given["calls"]) != len(own.calls):
        code = "missing_call" if len(given["calls"]) < len(own.calls) else "extra_call"
        yield _finding(code, "calls", f"got {len(given['calls'])}, the query asks for {len(own.calls)}")
    for index, (got, expected) in enumerate(zip(given["calls"], own.calls, strict=False)):
        path = f"calls[{index}]"
        if got["api"] != expected.api:
            yield _finding(
                "wrong_tool", path, f"got {got['api']!r}, the query asks for what {expected.api!r} does"
            )
        else:
            yield from _arguments(path, got["arguments"], expected.arguments)


def _arguments(path: str, got: dict[str, Any], expected: dict[str, Any]) -> Iterator[Finding]:
    for name in expected:
        if name not in got:
            yield _finding(
                "missing_argument", f"{path}.arguments.{name}", "asked for or required, but absent"
            )
        elif not _same(got[name], expected[name]):
            message = f"got {str(got[name])[:80]!r}, query and profile say otherwise"
            yield _finding("wrong_value", f"{path}.arguments.{name}", message)
    for name in got:
        if name not in expected:
            yield _finding("extra_argument", f"{path}.arguments.{name}", "neither asked for nor required")


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return a == b


def _finding(
    code: str, path: str, message: str, blames: Literal["query", "solution"] = "solution"
) -> Finding:
    return Finding(code=code, blames=blames, path=path, message=message)
