"""Ways out of a renderer: what a template must not name, look up or call.

The renderer of paddock bars all of this; others are not so careful (llama-cpp-python,
CVE-2024-34359), so a template that tries is refused for everyone. Judges the syntax tree alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

from paddock.checkpoint.scan.templates.syntax_tree import Constants, walk, whole_number
from paddock.errors import shown

# What templates of published models call; everything else that is called is a way out.
FUNCTIONS = frozenset(
    ["raise_exception", "strftime_now", "namespace", "range", "dict", "loop", "caller"]
)
_PUBLIC_METHODS = frozenset(
    name
    for kind in (str, dict, list, tuple, int)
    for name in dir(kind)
    if not name.startswith("_") and name not in ("format", "format_map", "encode", "to_bytes")
) | {"cycle", "changed"}
_GADGETS = frozenset(["self", "lipsum", "cycler", "joiner", "url_for", "get_flashed_messages"])
_BARRED_FILTERS = frozenset(("attr", "pprint", "xmlattr"))
_BY_ATTRIBUTE = frozenset(
    ["map", "selectattr", "rejectattr", "groupby", "sort", "unique", "sum", "min", "max"]
)
_FIRST_IS_ATTRIBUTE = frozenset(("selectattr", "rejectattr", "groupby"))
_IMPORTS = (nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends)
_TEXT_MAKERS = frozenset((
    "join", "replace", "format", "string", "lower", "upper", "reverse", "trim", "capitalize",
    "title", "indent",
))  # fmt: skip
_INSIDES = re.compile(
    "__(?:class|mro|bases?|subclasses|globals|builtins|import|init|dict|getattribute|code|self|"
    "module|call|getitem|reduce|reduce_ex|loader|spec)__"
)
_PLAIN_FORMAT = re.compile(r"(?:[^{}]|\{\w*\})+")  # fields without a dot or a bracket: plain values
_WIDE_FORMAT = re.compile(r"%[-+ #0]*\d{4,}|\{[^{}]{0,40}:[^{}]{0,10}\d{4,}")
MAX_RANGE = 10_000
MAX_WIDTH = 1_000_000  # what a method or a filter is told to make
MAX_REPEATS = 10_000


def find_escapes(tree: nodes.Template, constants: Constants) -> Iterator[str]:
    """What a renderer without a good sandbox would regret, in sentences."""
    macros = {node.name for node in walk(tree) if isinstance(node, nodes.Macro)}
    made = _made_texts(tree)
    for node in walk(tree):
        if isinstance(node, _IMPORTS):
            yield f"it uses {type(node).__name__.lower()}, which reads other files"
        elif isinstance(node, nodes.Name) and node.ctx == "load":
            if node.name in _GADGETS or node.name.startswith("__"):
                yield f"it names {shown(node.name)}, an inside of the renderer"
        elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            yield f"it asks for the attribute {shown(node.attr)}"
        elif isinstance(node, nodes.Getitem):
            yield from _bad_item(node, constants, made)
        elif isinstance(node, nodes.Filter):
            yield from _bad_filter(node, constants)
        elif isinstance(node, nodes.Call):
            yield from _bad_call(node, constants, macros)
        if isinstance(node, nodes.Expr) and _INSIDES.search(constants.text(node) or ""):
            yield f"it holds the text {shown(constants.text(node))}"


def find_explosions(tree: nodes.Template) -> Iterator[str]:
    """Repetitions that no honest template asks for, whether or not they would be reached."""
    for node in walk(tree):
        if isinstance(node, nodes.Pow):
            yield "it raises a number to a power"
        elif isinstance(node, nodes.For) and node.recursive:
            yield "it has a loop that calls itself"
        elif isinstance(node, nodes.Mul):
            times = [whole_number(side) or 0 for side in (node.left, node.right)]
            if max(times) > MAX_REPEATS:
                yield f"it multiplies by {max(times)}"
        elif isinstance(node, nodes.Call | nodes.Filter):
            counts = _name_of(node.node) == "range" if isinstance(node, nodes.Call) else False
            longest = max((abs(whole_number(arg) or 0) for arg in node.args), default=0)
            if longest > (MAX_RANGE if counts else MAX_WIDTH):
                yield f"it counts to {longest}"
        elif isinstance(node, nodes.Const) and _WIDE_FORMAT.search(str(node.value)):
            yield f"it formats {shown(node.value)}"


def _bad_item(node: nodes.Getitem, constants: Constants, made: set[str]) -> Iterator[str]:
    key = constants.text(node.arg)
    if key is not None and key.startswith("_"):
        yield f"it asks for the item {shown(key)}"
    elif key is None and (_makes_text(node.arg, made) or _is_message_text(node.arg)):
        yield "it asks for an item whose name it puts together"
    elif key is not None and not isinstance(node.arg, nodes.Const | nodes.Name):
        yield f"it asks for the item {shown(key)}, a name that it puts together"


def _bad_filter(node: nodes.Filter, constants: Constants) -> Iterator[str]:
    if node.name in _BARRED_FILTERS:
        yield f"it uses the filter {node.name}"
        return
    if node.name not in _BY_ATTRIBUTE:
        return
    names: list[nodes.Expr] = [pair.value for pair in node.kwargs if pair.key == "attribute"]
    if node.name in _FIRST_IS_ATTRIBUTE:
        names += node.args[:1]
    for each in names:
        name = constants.text(each)
        if name is None and whole_number(each) is None:
            yield f"its filter {node.name} takes an attribute that it computes"
        elif name and any(part.startswith("_") for part in name.split(".")):
            yield f"its filter {node.name} takes the attribute {shown(name)}"
    if node.name == "map" and node.args:
        mapped = constants.text(node.args[0])
        if mapped is None or mapped in _BARRED_FILTERS or mapped == "format":
            yield f"it maps the filter {shown(mapped)}"


def _bad_call(node: nodes.Call, constants: Constants, macros: set[str]) -> Iterator[str]:
    called = node.node
    if isinstance(called, nodes.Name):
        if called.name not in FUNCTIONS and called.name not in macros:
            yield f"it calls {shown(called.name)}"
        return
    if isinstance(called, nodes.Getattr):
        name: str | None = called.attr
        if name == "format" and _PLAIN_FORMAT.fullmatch(constants.text(called.node) or ""):
            return
    elif isinstance(called, nodes.Getitem):
        name = constants.text(called.arg)
    else:
        yield f"it calls what a {type(called).__name__.lower()} gives"
        return
    if name not in _PUBLIC_METHODS and not (name or "").startswith("_"):
        yield f"it calls the method {shown(name)}"


def _is_message_text(node: nodes.Node) -> bool:
    """``x[message['content']]``: whoever writes the message chooses the item."""
    if isinstance(node, nodes.Getitem):
        return isinstance(node.arg, nodes.Const) and node.arg.value == "content"
    return isinstance(node, nodes.Getattr) and node.attr == "content"


def _made_texts(tree: nodes.Template) -> set[str]:
    """Variables that hold a text which the template puts together."""
    made: set[str] = set()
    for _ in range(4):  # a text by way of a few variables is one, too
        before = len(made)
        for node in walk(tree):
            if isinstance(node, nodes.Assign) and _makes_text(node.node, made):
                made |= {_variable(each) for each in walk(node.target)} - {""}
            elif isinstance(node, nodes.AssignBlock) and isinstance(node.target, nodes.Name):
                made.add(node.target.name)
            elif isinstance(node, nodes.Assign) and isinstance(node.node, nodes.Call):
                pairs = (pair for pair in node.node.kwargs if _makes_text(pair.value, made))
                made |= {f"{_variable(node.target)}.{pair.key}" for pair in pairs}
        if len(made) == before:
            break
    return made


def _variable(node: nodes.Node) -> str:
    if isinstance(node, nodes.NSRef):
        return f"{node.name}.{node.attr}"
    if isinstance(node, nodes.Getattr):
        return f"{_variable(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else ""


def _makes_text(node: nodes.Node, made: set[str]) -> bool:
    """Whether an expression, as a whole, is a text made of others."""
    if isinstance(node, nodes.Concat):
        return True
    if isinstance(node, nodes.Add | nodes.Mul | nodes.Mod):
        return any(
            (isinstance(side, nodes.Const) and isinstance(side.value, str))
            or _makes_text(side, made)
            for side in (node.left, node.right)
        )
    if isinstance(node, nodes.Filter):
        return node.name in _TEXT_MAKERS
    if isinstance(node, nodes.Call):
        called = node.node
        if isinstance(called, nodes.Getattr):
            return called.attr in _TEXT_MAKERS
        return isinstance(called, nodes.Name) and called.name not in FUNCTIONS  # a macro
    if isinstance(node, nodes.Getitem):  # a character or a slice of a constant
        return isinstance(node.node, nodes.Const | nodes.Concat)
    if isinstance(node, nodes.CondExpr):
        return any(_makes_text(each, made) for each in (node.expr1, node.expr2) if each)
    return _variable(node) in made


def _name_of(node: nodes.Node) -> str | None:
    return node.name if isinstance(node, nodes.Name) else None
