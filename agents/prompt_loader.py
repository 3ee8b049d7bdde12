"""Prompts: Jinja2 files of two blocks, checked when they are loaded and rendered without surprises.

`{% block system %}` comes first and holds what stays the same from call to call, so that an endpoint's
prefix cache hits; `{% block user %}` holds what differs. A view is shown by `{{ data("profile.basic") }}`;
`{{ data("feedback", optional=true) }}` shows it only to a role that sees it,
`{{ data("thing", quoted=true) }}` as a text in quotes within a sentence. Nothing else reaches a prompt.
This module knows files and templates; what a view contains is not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from ..errors import PromptError, PtoolError, names, printable
from ..models import prompt_blocks as blocks
from ..texts.hidden import STEERING, hidden_character
from .examples import examples_of
from .views import VIEWS

OWN_FOLDER = Path(__file__).parent / "prompts"

_BLOCKS = ("system", "user")
"""Blocks every prompt has."""
_MEMO = 64
"""System texts one prompt keeps."""

PromptPiece = str | tuple[str, bool]
"""Text of a prompt, or (view, optional) where a view is shown."""


class PromptLoader:
    """Loads prompts from `folders` in their order, and then from ptool's own folder."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self.folders = (*folders, OWN_FOLDER)
        # No autoescaping: a prompt is plain text, and `data` escapes what a view says.
        self._jinja = SandboxedEnvironment(
            loader=FileSystemLoader([str(folder) for folder in self.folders], encoding="utf-8-sig"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def load(self, name: str, role: str, sees: Collection[str]) -> RolePrompt:
        """Load the prompt of a role and check it against what the role sees.

        Args:
            name: file name; '.jinja' may be left out.
            role: the role's name, for the first line and for messages.
            sees: the views the role is given.

        Raises:
            PromptError: no such file, a syntax error, a character that steers terminals, a missing block, an
                unknown or unseen view, a variable that nobody fills.
        """
        file = name if name.endswith(".jinja") else f"{name}.jinja"
        source = self._source(file, role)
        try:
            tree = self._jinja.parse(source, name=file)
            template = self._jinja.get_template(file)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            raise PromptError(f"prompt {file}{f', line {line}' if line else ''}: {error}") from None
        _check(tree, file, sees)
        return RolePrompt(file, role, frozenset(sees), template, source, _plain_blocks(tree))

    def _source(self, file: str, role: str) -> str:
        try:
            source, *_ = self._jinja.loader.get_source(self._jinja, file)  # type: ignore[union-attr]
        except (TemplateError, UnicodeDecodeError):
            known = self._jinja.list_templates(extensions=["jinja"])
            raise PromptError(
                f"agent.{role}.prompt: no prompt {file!r}; there are {names(known, file)}; "
                "put the file beside the role's YAML or into a folder 'prompts' there"
            ) from None
        for number, line in enumerate(source.splitlines(), 1):
            if (found := hidden_character(line, STEERING)) is not None:
                shown = printable(line.strip(), 80)
                raise PromptError(
                    f"prompt {file}, line {number}: got '{shown}' with the character {found}, expected a "
                    "line without it"
                )
        return source


class RolePrompt:
    """The prompt of one role, loaded and checked.

    Args:
        file, source: the file's name and text.
        role, sees: whose it is, and the views it may show.
        template: the file as Jinja has it.
        pieces: block -> its text and views, where it holds nothing else.
    """

    def __init__(
        self,
        file: str,
        role: str,
        sees: frozenset[str],
        template: Template,
        source: str,
        pieces: Mapping[str, Sequence[PromptPiece]],
    ) -> None:
        self.file = file
        self._pieces = pieces
        self.source = source
        self._role = role
        self._sees = sees
        self._template = template
        # The system block shows what a whole scenario shares: rendered once for every set of its views.
        self._memo: dict[tuple[Any, ...], str] = {}
        tree = template.environment.parse(source)
        self._shared = tuple(sorted(_views_in(tree, "system")))
        self.shows = frozenset((*self._shared, *_views_in(tree, "user")))
        """views whose text stands in it; a role may see more and look at them itself"""

    @cached_property
    def sha256(self) -> str:
        """Hash of the file's text, for the manifest."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """The texts of the file between `<example>` and `</example>`: no answer may repeat them."""
        return examples_of(self.source)

    def render(self, views: Mapping[str, Any]) -> tuple[str, str]:
        """Render the system and the user text.

        Args:
            views: name -> value, or its `Json` text.

        Raises:
            PromptError: a view is missing, or the template fails.
        """
        return self._system(views), self._block("user", views)

    def _system(self, views: Mapping[str, Any]) -> str:
        key = tuple(views.get(name) for name in self._shared)
        if not all(isinstance(text, blocks.Json) for text in key):
            return f"Role: {self._role}\n{self._block('system', views)}"
        if key not in self._memo:
            if len(self._memo) >= _MEMO:
                self._memo.pop(next(iter(self._memo)))
            self._memo[key] = f"Role: {self._role}\n{self._block('system', views)}"
        return self._memo[key]

    def _block(self, block: str, views: Mapping[str, Any]) -> str:
        show = self._data_function(views)
        if pieces := self._pieces.get(block):
            return "".join(piece if isinstance(piece, str) else show(*piece) for piece in pieces).strip()
        context = self._template.new_context({"data": show})
        try:
            return "".join(self._template.blocks[block](context)).strip()
        except PtoolError:
            raise
        except Exception as error:  # a template may do anything that Jinja lets it
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise PromptError(f"prompt {self.file}, block {block!r}: {reason}") from error

    def _data_function(self, views: Mapping[str, Any]) -> Callable[..., str]:
        """What `data(…)` does in a template that is shown these views."""

        def data(name: str, optional: bool = False, quoted: bool = False) -> str:
            if name in views:
                return (blocks.quoted if quoted else partial(blocks.render, name))(views[name])
            if optional and name not in self._sees:
                return ""
            raise PromptError(f"prompt {self.file}: view {name!r} is not filled; got {names(views, name)}")

        return data


def _check(tree: nodes.Template, file: str, sees: Collection[str]) -> None:
    blocks_there = {block.name for block in tree.find_all(nodes.Block)}
    for block in _BLOCKS:
        if block not in blocks_there:
            raise PromptError(
                f"prompt {file}: block {block!r} is missing; write {{% block {block} %}}…{{% endblock %}}"
            )
    if unknown := meta.find_undeclared_variables(tree) - {"data"}:
        raise PromptError(
            f'prompt {file}: nobody fills {names(unknown)}; show a view with {{{{ data("<view>") }}}}'
        )
    for call in _data_calls(tree):
        _check_call(call, file, sees)


def _check_call(call: nodes.Call, file: str, sees: Collection[str]) -> None:
    where = f"prompt {file}, line {call.lineno}"
    view = call.args[0].value if call.args and isinstance(call.args[0], nodes.Const) else None
    if not isinstance(view, str):
        raise PromptError(f"{where}: data(…) wants the name of a view in quotes")
    if view not in VIEWS:
        raise PromptError(f"{where}: no view {view!r}; there are {names(VIEWS, view)}")
    optional = any(keyword.key == "optional" for keyword in call.kwargs)
    if view not in sees and not optional:
        raise PromptError(
            f"{where}: the role does not see {view!r}, only {names(sees, view)}; add it to the role's `sees`"
        )


def _plain_blocks(tree: nodes.Template) -> dict[str, tuple[PromptPiece, ...]]:
    """The blocks that only say text and show views: Jinja takes ten times as long to put them together."""
    plain: dict[str, tuple[PromptPiece, ...]] = {}
    for block in tree.find_all(nodes.Block):
        parts = [
            part for node in block.body for part in (node.nodes if isinstance(node, nodes.Output) else [node])
        ]
        pieces = [piece for part in parts if (piece := _piece(part)) is not None]
        if len(pieces) == len(parts):
            plain[block.name] = tuple(pieces)
    return plain


def _piece(node: nodes.Node) -> PromptPiece | None:
    """Text, or a view shown in the plain way; None: something only Jinja understands."""
    match node:
        case nodes.TemplateData(data=text):
            return text
        case nodes.Call(
            node=nodes.Name(name="data"),
            args=[nodes.Const(value=str(view))],
            kwargs=keywords,
            dyn_args=None,
            dyn_kwargs=None,
        ):
            match keywords:
                case []:
                    return view, False
                case [nodes.Keyword(key="optional", value=nodes.Const(value=bool(optional)))]:
                    return view, optional
    return None


def _data_calls(tree: nodes.Node) -> list[nodes.Call]:
    return [
        call
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name == "data"
    ]


def _views_in(tree: nodes.Template, block: str) -> set[str]:
    """The views one block shows."""
    return {
        call.args[0].value  # type: ignore[attr-defined]
        for node in tree.find_all(nodes.Block)
        if node.name == block
        for call in _data_calls(node)
    }
