"""A checkpoint's own chat template, rendered under limits.

Jinja's immutable sandbox keeps a template away from Python's insides; it does not keep it from
eating memory and time. So the parsed template is rewritten before it is compiled: every expression
that makes a value, every loop and every piece of output passes through the meter. What honest chat
templates never need (imports, blocks, recursion of loops, formatters) is refused.
Knows Jinja. Does not know what a conversation looks like (``chat``) or tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from paddock.checkpoint.chat_template.metered_tree import Metered
from paddock.checkpoint.chat_template.metering import (
    MAX_INDENT,
    MAX_RANGE,
    BadTemplate,
    Meter,
    TemplateTooCostly,
    checked_numbers,
    checked_power,
    checked_product,
    weight,
)

MAX_TEMPLATE_BYTES = 1 << 16  # the longest published one has about 20 kB
MAX_INPUT_UNITS = 1 << 24
_FILTERS = """abs capitalize count d default dictsort first float int items last length list lower
map max min reject rejectattr reverse select selectattr sort title trim unique upper"""
_METHODS = {
    str: """strip lstrip rstrip split rsplit splitlines partition rpartition startswith endswith
    lower upper title capitalize find rfind index count isdigit isalpha isalnum isspace isupper
    islower removeprefix removesuffix""",
    dict: "get items keys values",
    list: "index count",
    tuple: "index count",
    LoopContext: "cycle changed",
}
_ALLOWED_METHODS = {kind: frozenset(names.split()) for kind, names in _METHODS.items()}
_DATE_FORMAT = re.compile(r"(?:[^%]|%-?[A-Za-z%]){0,100}")
_meter: ContextVar[Meter] = ContextVar("meter")
_moment: ContextVar[datetime] = ContextVar("moment")


class Template:
    """A compiled chat template; rendering it is safe in any thread."""

    def __init__(self, source: str) -> None:
        self.source = source
        tree = parse_template(source)
        try:
            tree = Metered().visit(tree)
            tree.set_environment(_ENVIRONMENT)
            code = _ENVIRONMENT.compile(tree)
            self._compiled = jinja2.Template.from_code(_ENVIRONMENT, code, _GLOBALS)
        except BadTemplate:
            raise
        except Exception as e:  # a hostile text finds every exception that a compiler has
            raise BadTemplate(f"the chat template is malformed: {_short(e)}") from e

    def render(self, values: dict[str, Any], now: datetime) -> str:
        """The text for JSON-like ``values``; ``now`` is what ``strftime_now`` tells."""
        units = weight(values, MAX_INPUT_UNITS)
        if units > MAX_INPUT_UNITS:
            raise TemplateTooCostly(f"the conversation is larger than {MAX_INPUT_UNITS} characters")
        meter_token, moment_token = _meter.set(Meter(units)), _moment.set(now)
        try:
            return self._compiled.render(values)
        except BadTemplate:
            raise
        except Exception as e:  # whatever hostile code raises is its own fault
            raise BadTemplate(f"the chat template failed: {_short(e)}") from e
        finally:
            _meter.reset(meter_token)
            _moment.reset(moment_token)


def parse_template(source: str) -> nodes.Template:
    """The syntax tree, as it was written; raises BadTemplate."""
    size_bytes = len(source.encode("utf-8", "surrogatepass"))
    if size_bytes > MAX_TEMPLATE_BYTES:
        raise BadTemplate(f"the chat template has {size_bytes} bytes, over {MAX_TEMPLATE_BYTES}")
    try:
        return _ENVIRONMENT.parse(source)
    except Exception as e:  # a hostile text finds every exception that a parser has
        raise BadTemplate(f"the chat template is malformed: {_short(e)}") from e


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with a list of what may be called, and a price for arithmetic."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        # Dunder names as in the overridden method: a template chooses the keyword arguments.
        meter = _meter.get()
        meter.spend(1)
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        if type(owner) is str and name == "join":
            return meter.joined(map(_defined, *args), owner)
        if type(owner) is str and name == "replace":
            return meter.replaced(owner, *args)
        if type(owner) is str and name == "format" and not kwargs:
            return meter.formatted(owner, *map(_defined, args))
        allowed = isinstance(__obj, Macro) or any(__obj is each for each in _GLOBALS.values())
        if not allowed and name not in _ALLOWED_METHODS.get(type(owner), ()):
            raise BadTemplate(f"the chat template calls {name or type(__obj).__name__!r}")
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        meter = _meter.get()
        if operator == "*":
            checked_product(left, right, meter.left)
        elif operator == "**":
            checked_power(left, right)
        elif operator != "+":
            checked_numbers(left, right, operator)
        return meter.charge(super().call_binop(context, operator, left, right))


class _Generation(Extension):
    """``{% generation %}`` marks an answer for training; for rendering it means nothing."""

    tags = {"generation"}  # noqa: RUF012 (Jinja reads a plain set)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), True), lineno=line)


def _range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > MAX_RANGE:
        raise TemplateTooCostly(f"the chat template counts to {len(made)}")
    return made


def _raise_exception(message: object = "") -> None:
    raise BadTemplate(f"the chat template refuses the conversation: {str(message)[:500]}")


def _strftime_now(format: str) -> str:
    if not _DATE_FORMAT.fullmatch(format):
        raise BadTemplate("the chat template asks for a date in an impossible format")
    return _moment.get().strftime(format)


def _indented(text: str, width: int = 4, first: bool = False, blank: bool = False) -> str:
    if not 0 <= width <= MAX_INDENT:
        raise TemplateTooCostly(f"the chat template indents by {width}")
    _meter.get().spend(len(text) + width * text.count("\n"))
    made: str = jinja2.filters.do_indent(text, width, first, blank)
    return made


def _printed(meter: Meter, value: Any) -> str:
    return meter.text(_defined(value))


def _defined(value: Any) -> Any:
    """What is missing prints as nothing, as Jinja has it."""
    return "" if isinstance(value, jinja2.Undefined) else value


def _metering(act: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is never computed while compiling: the context forbids it."""

    @jinja2.pass_context
    def paying(_context: Any, *args: Any, **kwargs: Any) -> Any:
        return act(_meter.get(), *args, **kwargs)

    return paying


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


def _environment() -> _Sandbox:
    made = _Sandbox(
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,
        extensions=[loopcontrols, _Generation],
    )
    made.filters = {name: made.filters[name] for name in _FILTERS.split()} | {
        "_each": _metering(Meter.each),
        "_joined": _metering(lambda meter, *items: meter.joined(map(_defined, items))),
        "_paid": _metering(Meter.charge),
        "_text": _metering(_printed),
        "indent": _indented,
        "join": _metering(lambda meter, items, d="": meter.joined(map(_defined, items), d)),
        "replace": _metering(Meter.replaced),
        "safe": _metering(_printed),
        "string": _metering(_printed),
        "tojson": _metering(Meter.as_json),
    }
    return made


_GLOBALS: dict[str, Any] = {
    "namespace": Namespace,
    "raise_exception": _raise_exception,
    "range": _range,
    "strftime_now": _strftime_now,
}
_ENVIRONMENT = _environment()
