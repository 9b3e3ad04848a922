"""What a template may spend: every value that it makes costs its size.

A template from a checkpoint is hostile until proven otherwise: a hundred characters of Jinja can
ask for petabytes (``'x' * 10 ** 15``, a string doubled in a loop, a list that holds itself twice,
forty times over). The rule here is one: whatever an operation makes is paid for by its full size,
operations that could explode are priced before they run, and every turn of a loop costs. So time
and memory are bounded by the budget, which grows with the conversation and nothing else.
Knows values and prices; does not know Jinja.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from paddock.errors import BadInput

BASE_UNITS = 1_000_000  # a unit is a character, an item or an operation
UNITS_PER_INPUT = 64
MAX_SECONDS = 5.0  # far beyond any honest template; for what prices do not see
MAX_INTEGER_BITS = 256
MAX_RANGE = 100_000
MAX_INDENT = 16
_SCALARS = (int, float, bool, type(None))
_PRINTABLE = (str, list, tuple, dict, range, *_SCALARS)


class BadTemplate(BadInput):
    """A chat template is malformed, uses what is not allowed, or failed."""

    code = "bad_chat_template"


class TemplateTooCostly(BadTemplate):
    """A chat template asked for more than any honest one needs."""

    code = "chat_template_too_costly"


class Meter:
    """The budget of one rendering."""

    def __init__(self, input_units: int) -> None:
        self.left = BASE_UNITS + UNITS_PER_INPUT * input_units
        self._deadline = time.monotonic() + MAX_SECONDS

    def spend(self, units: int) -> None:
        """Pay, or stop the rendering."""
        self.left -= units
        if self.left < 0:
            raise TemplateTooCostly("the chat template makes more text than its budget allows")
        if time.monotonic() > self._deadline:
            raise TemplateTooCostly(f"the chat template ran for over {MAX_SECONDS:g} seconds")

    def charge(self, value: Any) -> Any:
        """Pay for a value that was made; returns it."""
        self.spend(weight(value, self.left))
        return value

    def each(self, iterable: Any) -> Iterator[Any]:
        """The items of a loop, one unit a turn."""
        for item in iterable:
            self.spend(1)
            yield item

    def text(self, value: Any) -> str:
        """A value as text, paid for; only plain values have one."""
        if not isinstance(value, _PRINTABLE):
            raise BadTemplate(f"the chat template prints a {type(value).__name__}")
        self.charge(value)
        made = str(value)
        if not isinstance(value, str):
            self.spend(len(made))
        return made

    def joined(self, items: Any, separator: str = "") -> str:
        """``separator.join(items)``, priced before it is made."""
        parts = [self.text(item) for item in self.each(items)]
        self.spend(len(separator) * len(parts))
        return separator.join(parts)

    def replaced(self, text: str, old: str, new: str, count: int = -1) -> str:
        """``text.replace(old, new, count)``, priced before it is made."""
        found = text.count(old)
        self.spend(len(text) + len(new) * (found if count < 0 else min(found, count)))
        return text.replace(old, new, count)

    def formatted(self, text: str, *values: Any) -> str:
        """``text.format(*values)`` where every field is a bare ``{}``: no widths, no attributes."""
        parts = text.split("{}")
        if len(parts) != len(values) + 1 or any("{" in part or "}" in part for part in parts):
            raise BadTemplate("the chat template calls 'format'")
        made = [parts[0]]
        for value, part in zip(values, parts[1:], strict=True):
            made += [self.text(value), part]
        self.spend(len(text))
        return "".join(made)

    def as_json(self, value: Any, indent: int | None = None, **options: Any) -> str:
        """JSON as Hugging Face's templates expect it: not escaped for HTML or ASCII."""
        if indent is not None and not 0 <= indent <= MAX_INDENT:
            raise TemplateTooCostly(f"the chat template indents by {indent}")
        units = weight(value, self.left)
        self.spend(units * (1 + (indent or 0) * min(units, 64)))
        known = {k: v for k, v in options.items() if k in ("ensure_ascii", "sort_keys")}
        known["indent"], known["separators"] = indent, options.get("separators")
        return json.dumps(value, **{"ensure_ascii": False, **known})


def weight(value: Any, limit: int) -> int:
    """Size of a value with all that it holds, counted no further than just over ``limit``.

    What a list holds twice counts twice: printing it would.
    """
    if not isinstance(value, str | list | tuple | dict):
        return 1
    total = 0
    waiting: list[Any] = [value]
    while waiting and total <= limit:
        each = waiting.pop()
        total += 1
        if isinstance(each, str):
            total += len(each)
        elif isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list | tuple):
            waiting += each
        elif isinstance(each, int) and each.bit_length() > MAX_INTEGER_BITS:
            raise TemplateTooCostly("the chat template makes a number that is too large")
        elif not isinstance(each, _SCALARS):
            raise BadTemplate(f"the chat template puts a {type(each).__name__} into a list")
    return total


def checked_product(left: Any, right: Any, limit: int) -> None:
    """Refuse a product whose size is over ``limit`` before it is computed."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | list | tuple) and isinstance(other, int):
            if len(one) * max(other, 0) > limit:
                raise TemplateTooCostly(f"the chat template repeats a text {other} times")
            return
    checked_numbers(left, right, "*")
    if all(isinstance(each, int) for each in (left, right)):
        bits = left.bit_length() + right.bit_length()
        if bits > MAX_INTEGER_BITS:
            raise TemplateTooCostly("the chat template makes a number that is too large")


def checked_power(left: Any, right: Any) -> None:
    """Refuse a power that would be a huge number."""
    checked_numbers(left, right, "**")
    if abs(right) > MAX_INTEGER_BITS or (
        isinstance(left, int) and left.bit_length() * abs(right) > MAX_INTEGER_BITS
    ):
        raise TemplateTooCostly("the chat template makes a number that is too large")


def checked_numbers(left: Any, right: Any, operator: str) -> None:
    """Refuse operands that are no numbers; ``%`` of a text is a formatter in disguise."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        raise BadTemplate(f"the chat template uses {operator} on something that is not a number")
