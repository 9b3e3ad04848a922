"""Walking a template's syntax tree, and texts that it makes out of constants.

A hostile template writes ``'__cl' ~ 'ass__'`` where an honest one writes a word; so constants are
put together here as Jinja would do it, within bounds. Knows the tree of Jinja, and no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import nodes

MAX_NODES = 200_000  # the longest published template has some 8,000
MAX_FOLDED_CHARS = 20_000
_FOLDS = 2_000  # constants put together for one template; more is no honest work
_NO_ARGUMENTS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "capitalize": str.capitalize,
    "trim": str.strip,
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "string": str,
    "safe": str,
    "reverse": lambda text: text[::-1],
}


def walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Every node, the outer ones first; without recursion, as the tree is a stranger's."""
    waiting: list[nodes.Node] = [tree]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(node.iter_child_nodes())))
    raise OverflowError(f"the chat template has more than {MAX_NODES} parts")


class Constants:
    """The texts that a template's expressions stand for, where they stand for one."""

    def __init__(self, tree: nodes.Template) -> None:
        self._values: dict[str, nodes.Node | None] = {}  # None: assigned more than once
        self._folds = _FOLDS
        for node in walk(tree):
            if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
                name = node.target.name
                self._values[name] = None if name in self._values else node.node

    def text(self, node: nodes.Node | None, depth: int = 8) -> str | None:
        """The text that an expression always stands for, or None."""
        if isinstance(node, nodes.Const):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, nodes.TemplateData):
            return node.data
        self._folds -= 1
        if node is None or depth == 0 or self._folds < 0:
            return None
        made = self._made(node, depth - 1)
        return made[:MAX_FOLDED_CHARS] if isinstance(made, str) else None

    def texts(self, node: nodes.Node) -> list[str]:
        """Every text in a constant, a list of constants or a variable that holds such."""
        whole = self.text(node)
        if whole is not None:
            return [whole]
        if isinstance(node, nodes.Name):
            value = self._values.get(node.name)
            return self.texts(value) if isinstance(value, nodes.List | nodes.Tuple) else []
        if isinstance(node, nodes.List | nodes.Tuple):
            return [text for item in node.items for text in self.texts(item)]
        if isinstance(node, nodes.Dict):
            return [text for pair in node.items for text in self.texts(pair.key)]
        return []

    def _made(self, node: nodes.Node, depth: int) -> str | None:
        if isinstance(node, nodes.Name):
            return self.text(self._values.get(node.name), depth)
        if isinstance(node, nodes.Concat):
            return self._joined(list(node.nodes), "", depth)
        if isinstance(node, nodes.Add):
            return self._joined([node.left, node.right], "", depth)
        if isinstance(node, nodes.Mul):
            text, times = self.text(node.left, depth), whole_number(node.right)
            return text * min(times, 64) if text is not None and times is not None else None
        if isinstance(node, nodes.Getitem):
            return self._item(node, depth)
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._called(node.node, node.name, node.args, depth)
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            owner, name = node.node.node, node.node.attr
            if name == "join" and len(node.args) == 1:
                return self._called(node.args[0], "join", [owner], depth)
            return self._called(owner, name, node.args, depth)
        return None

    def _called(self, node: nodes.Node, name: str, args: list[Any], depth: int) -> str | None:
        if name == "join" and isinstance(node, nodes.List | nodes.Tuple):
            separator = self.text(args[0], depth) if args else ""
            return self._joined(list(node.items), separator or "", depth)
        text = self.text(node, depth)
        if text is None:
            return None
        if name == "replace" and len(args) >= 2:
            old, new = self.text(args[0], depth), self.text(args[1], depth)
            if old is None or new is None or len(text) * (1 + len(new)) > MAX_FOLDED_CHARS:
                return None
            return text.replace(old, new)
        if name == "join":
            return text
        act = _NO_ARGUMENTS.get(name)
        return act(text) if act and not args else None

    def _item(self, node: nodes.Getitem, depth: int) -> str | None:
        text = self.text(node.node, depth)
        if text is None:
            return None
        if isinstance(node.arg, nodes.Slice):
            parts = (node.arg.start, node.arg.stop, node.arg.step)
            numbers = [None if part is None else whole_number(part) for part in parts]
            return text[slice(*numbers)] if numbers[2] != 0 else None
        at = whole_number(node.arg)
        return text[at] if at is not None and -len(text) <= at < len(text) else None

    def _joined(self, items: list[nodes.Expr], separator: str, depth: int) -> str | None:
        texts = [self.text(item, depth) for item in items[:1000]]
        known = [text for text in texts if text is not None]
        if len(known) != len(items) or len(separator) * len(known) > MAX_FOLDED_CHARS:
            return None
        return separator.join(known)


def whole_number(node: nodes.Node | None) -> int | None:
    """The whole number that is written here, or None."""
    if isinstance(node, nodes.Const):
        return node.value if type(node.value) is int else None
    if isinstance(node, nodes.Neg):
        inner = whole_number(node.node)
        return None if inner is None else -inner
    return None
