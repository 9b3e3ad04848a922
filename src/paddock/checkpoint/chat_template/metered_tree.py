"""A parsed template, rewritten so that it pays for what it does.

Every expression that makes a value, every loop and every piece of output goes through a filter
whose name begins with an underscore; ``template`` defines them. Knows the syntax tree of Jinja and
nothing of prices. What honest chat templates never need is refused here, by its node.
"""

from __future__ import annotations

from typing import Any, cast

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from paddock.checkpoint.chat_template.metering import BadTemplate

_REFUSED = (
    nodes.FilterBlock,
    nodes.CallBlock,
    nodes.Block,
    nodes.Extends,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
)


class Metered(NodeTransformer):
    """Wraps what makes values, loops and output into filters that pay."""

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        if isinstance(node, _REFUSED):
            raise BadTemplate(f"the chat template uses {type(node).__name__.lower()}")
        return super().visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        if node.recursive:
            raise BadTemplate("the chat template uses a recursive loop")
        self.generic_visit(node)
        node.iter = self._through("_each", node.iter)
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        if node.filter is not None:
            raise BadTemplate("the chat template filters a block")
        self.generic_visit(node)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        node.nodes = [self._through("_text", _as_constant(each)) for each in node.nodes]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        first, *others = node.nodes
        return self._through("_joined", first, *others)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return self._through("_paid", node) if isinstance(node.arg, nodes.Slice) else node

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        return self._through("_paid", node) if node.ctx == "load" else node

    def _paid(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        return self._through("_paid", node)

    visit_Call = visit_Filter = visit_List = visit_Dict = visit_Compare = visit_Test = _paid

    def _through(self, name: str, node: nodes.Node, *others: nodes.Expr) -> nodes.Filter:
        # A loop's iterable is typed as a node; whatever stands there is an expression.
        return nodes.Filter(
            cast(nodes.Expr, node), name, list(others), [], None, None, lineno=node.lineno
        )


def _as_constant(node: nodes.Expr) -> nodes.Expr:
    return (
        nodes.Const(node.data, lineno=node.lineno) if isinstance(node, nodes.TemplateData) else node
    )
