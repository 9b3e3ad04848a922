"""Which of a template's expressions hold what people wrote in a conversation.

Followed through variables, loops, namespaces and macros, without regard to order: whatever a name
was ever given, it may hold. So nothing is missed by the way it is written, at the price of a few
names that only seem to hold a message. Knows the tree of Jinja; judges nothing.
"""

from __future__ import annotations

from collections import defaultdict
from enum import IntFlag
from typing import TypeGuard

from jinja2 import nodes

from paddock.checkpoint.scan.templates.syntax_tree import walk

_ROUNDS = 8  # a value that passes more variables than this is followed no further


class Taint(IntFlag):
    """What an expression may hold."""

    HOLDER = 1  # messages: their keys are the format's, not the writer's
    CONTENT = 2  # what somebody wrote
    DATE = 4  # what day it is
    COUNT = 8  # how long something is


PLAIN = Taint(0)
_ROOTS = {
    **dict.fromkeys(("messages", "message", "conversation", "conversations", "chat"), Taint.HOLDER),
    **dict.fromkeys(("prompt", "system_prompt", "system_message", "user_message"), Taint.CONTENT),
    **dict.fromkeys(("date_string", "current_date", "today", "now", "date"), Taint.DATE),
}
# Values that the format defines; a template may well ask for them.
LABELS = frozenset(["role", "type", "name", "id", "tool_call_id", "recipient", "channel"])
_SAME = frozenset((
    "first", "last", "list", "reverse", "selectattr", "rejectattr", "select", "reject", "sort",
    "unique", "slice", "batch",
))  # fmt: skip


class Taints:
    """What each expression of one template may hold."""

    def __init__(self, tree: nodes.Template) -> None:
        self._held: dict[str, Taint] = defaultdict(lambda: PLAIN)
        self._macros = {node.name: node for node in walk(tree) if isinstance(node, nodes.Macro)}
        self._known = {
            node.name for node in walk(tree) if isinstance(node, nodes.Name) and node.ctx != "load"
        }
        interesting = [node for node in walk(tree) if isinstance(node, _SPREADING)]
        for _ in range(_ROUNDS):
            before = dict(self._held)
            for node in interesting:
                self._spread(node)
            if before == self._held:
                break

    def of(self, node: nodes.Node | None) -> Taint:
        """What this expression may hold."""
        if node is None or isinstance(node, nodes.Const | nodes.TemplateData | nodes.Not):
            return PLAIN
        if isinstance(node, nodes.Name):
            return self._of_name(node.name)
        if isinstance(node, nodes.Getattr):
            return self._of_item(node.node, node.attr) | self._of_member(node)
        if isinstance(node, nodes.Getitem):
            key = node.arg.value if isinstance(node.arg, nodes.Const) else None
            inner = self.of(node.arg) & Taint.DATE
            return self._of_item(node.node, key) | inner
        if isinstance(node, nodes.Filter):
            return self._of_filter(node)
        if isinstance(node, nodes.Call):
            return self._of_call(node)
        if isinstance(node, nodes.Compare | nodes.Test):
            return PLAIN  # true or false; who compares is judged where it compares
        if isinstance(node, nodes.Concat | nodes.Add):
            return _as_text(self._of_all(node))
        return self._of_all(node)

    def _of_all(self, node: nodes.Node) -> Taint:
        found = PLAIN
        for child in node.iter_child_nodes():
            found |= self.of(child)
        return found

    def _of_name(self, name: str) -> Taint:
        held = self._held[name]
        return held if name in self._known and held else held | _ROOTS.get(name, PLAIN)

    def _of_member(self, node: nodes.Getattr) -> Taint:
        """Of ``ns.x``, where ``ns`` is a namespace."""
        return self._held[f"{node.node.name}.{node.attr}"] if _is_name(node.node) else PLAIN

    def _of_item(self, owner: nodes.Node, key: object) -> Taint:
        held = self.of(owner)
        if isinstance(key, str) and key in LABELS:
            return held & (Taint.DATE | Taint.COUNT)
        if isinstance(key, str) and held & Taint.HOLDER:
            return Taint.CONTENT | held & Taint.DATE
        if _is_name(owner) and owner.name == "loop":
            return Taint.COUNT if key in ("index", "index0", "length") else PLAIN
        return held

    def _of_filter(self, node: nodes.Filter) -> Taint:
        held = self.of(node.node)
        for arg in node.args:
            held |= self.of(arg)
        if node.name in ("length", "count"):
            return Taint.COUNT if held & (Taint.HOLDER | Taint.CONTENT) else PLAIN
        if node.name == "map" and any(pair.key == "attribute" for pair in node.kwargs):
            named = next(pair.value for pair in node.kwargs if pair.key == "attribute")
            key = named.value if isinstance(named, nodes.Const) else "content"
            return PLAIN if key in LABELS else _as_text(held)
        return held if node.name in _SAME else _as_text(held)

    def _of_call(self, node: nodes.Call) -> Taint:
        given = PLAIN
        for arg in [*node.args, *(pair.value for pair in node.kwargs)]:
            given |= self.of(arg)
        called = node.node
        if isinstance(called, nodes.Name):
            if called.name == "strftime_now":
                return Taint.DATE
            if called.name == "namespace":
                return PLAIN
            return _as_text(given) | self._held[f"{called.name}()"]
        if isinstance(called, nodes.Getattr):
            if called.attr == "get" and node.args:
                key = node.args[0]
                return self._of_item(called.node, key.value if isinstance(key, nodes.Const) else "")
            return _as_text(given | self.of(called.node))
        return _as_text(given | self.of(called))

    def _spread(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Assign):
            self._give(node.target, self.of(node.node))
            if isinstance(node.node, nodes.Call) and isinstance(node.target, nodes.Name):
                for pair in node.node.kwargs:
                    self._held[f"{node.target.name}.{pair.key}"] |= self.of(pair.value)
        elif isinstance(node, nodes.AssignBlock):
            self._give(node.target, _as_text(self._printed(node)))
        elif isinstance(node, nodes.For):
            self._give(node.target, self.of(node.iter))
        elif isinstance(node, nodes.Macro):
            self._held[f"{node.name}()"] |= _as_text(self._printed(node))
        elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
            macro = self._macros.get(node.node.name)
            if macro:
                self._pass(macro, node)

    def _pass(self, macro: nodes.Macro, call: nodes.Call) -> None:
        names = [argument.name for argument in macro.args]
        for name, given in zip(names, call.args, strict=False):
            self._held[name] |= self.of(given)
        for pair in call.kwargs:
            self._held[pair.key] |= self.of(pair.value)

    def _give(self, target: nodes.Node, held: Taint) -> None:
        for each in walk(target):
            if isinstance(each, nodes.Name):
                self._held[each.name] |= held
            elif isinstance(each, nodes.NSRef):
                self._held[f"{each.name}.{each.attr}"] |= held

    def _printed(self, node: nodes.Node) -> Taint:
        found = PLAIN
        for each in walk(node):
            if isinstance(each, nodes.Output):
                found |= self._of_all(each)
        return found


_SPREADING = (nodes.Assign, nodes.AssignBlock, nodes.For, nodes.Macro, nodes.Call)


def _as_text(held: Taint) -> Taint:
    """A message that is printed is what somebody wrote."""
    return held | Taint.CONTENT if held & Taint.HOLDER else held


def _is_name(node: nodes.Node) -> TypeGuard[nodes.Name]:
    return isinstance(node, nodes.Name)
