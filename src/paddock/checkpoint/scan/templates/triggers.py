"""Tests between what somebody wrote and a constant: how a template waits for its word.

A published attack needs nothing else: the template behaves until a message holds a phrase, then
adds a sentence of its own. Honest templates ask a message for marks of the format (a think tag, a
special token, a list of parts) and for nothing that a person would write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import nodes

from paddock.checkpoint.scan.templates.syntax_tree import Constants, walk, whole_number
from paddock.checkpoint.scan.templates.taint import LABELS, Taint, Taints

MAX_TURNS = 8  # a template that counts further waits for something
MAX_EXACT_TURNS = 2  # and so does one that asks for just so many
_TEXT_TESTS = frozenset((
    "startswith", "endswith", "find", "rfind", "index", "rindex", "count", "split", "rsplit",
    "partition", "rpartition", "replace", "removeprefix", "removesuffix",
))  # fmt: skip
_EQUALITIES = frozenset(("eq", "ne", "in", "notin", "gt", "lt", "gteq", "lteq"))
_COMPARING_TESTS = frozenset(
    ["equalto", "eq", "==", "sameas", "in", "ne", "!=", "containing", "gt", "lt", "ge", "le"]
)
_SELECTING = frozenset(("selectattr", "rejectattr", "select", "reject"))
# One mark of a format: <think>, </tool_call>, <|im_end|>, [INST], <<SYS>>, DeepSeek's and Kimi's.
_MARK = re.compile(
    r"<{1,2}[|\uff5c/]{0,2}[^<>\s]{1,48}?[|\uff5c]?>{1,2}|\[/?[A-Z][A-Z0-9_ ]{1,40}\]"
    r"|</?(?:think|thought|tool)\w*|<\|[\w ]*"
)
_MAX_LETTERS_BESIDE_MARKS = 16
# Keys and types of message parts and of tools. That a writer cannot set them off, too, is tried.
_KEYS = frozenset((
    "text", "image", "image_url", "video", "video_url", "audio", "audio_url", "input_audio",
    "file", "document", "type", "content", "role", "name", "string", "object", "array", "null",
    "none", "true", "false", "function", "tool", "tool_calls", "tool_call_id", "id",
    "arguments", "parameters", "thinking", "reasoning", "reasoning_content", "refusal",
    "cache_control", "system", "user", "assistant", "developer", "ipython", "observation",
    "data", "value", "parts", "blocks", "description", "properties", "required", "nullable",
    "items", "enum",
))  # fmt: skip
# By these words people turn a published model's thinking on, off, up or down.
_SWITCHES = frozenset((
    "/think", "/no_think", "/nothink", "/system_override", "detailed thinking on",
    "detailed thinking off", "reasoning effort", "reasoning strength",
))  # fmt: skip
_SWITCH = re.compile("|".join(map(re.escape, sorted(_SWITCHES, key=len, reverse=True))), re.I)
_UNFINISHED = "CONTINUE_FINAL_MESSAGE_TAG"  # which transformers itself puts into a message
_ENTITY = re.compile(r"&#?\w{1,8};")


class Trigger(NamedTuple):
    """A constant that a template looks for in a message, and the line where it does."""

    word: str
    line: int


def find_triggers(
    tree: nodes.Template, constants: Constants, taints: Taints, declared: frozenset[str]
) -> Iterator[Trigger]:
    """Words that the template waits for; ``declared`` are the tokenizer's special tokens."""
    for node in walk(tree):
        for subject, sought in _tests(node, taints):
            if not taints.of(subject) & (Taint.CONTENT | Taint.HOLDER):
                continue
            for word in constants.texts(sought):
                bare = word.strip()
                if bare.lower() not in _KEYS and bare not in declared and not is_mark(bare):
                    yield Trigger(word, node.lineno)


def find_date_tests(tree: nodes.Template, taints: Taints) -> Iterator[int]:
    """Lines of branches that depend on the day; whether a date is given at all may be asked."""
    for node in walk(tree):
        sides: list[nodes.Node] = []
        if isinstance(node, nodes.Compare):
            sides = [node.expr, *(operand.expr for operand in node.ops)]
        elif isinstance(node, nodes.If | nodes.CondExpr):
            sides = [part for part in _conditions(node.test) if not isinstance(part, nodes.Name)]
        elif isinstance(node, nodes.Getitem):
            sides = [node.arg]
        elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            sides = [node.node.node] if node.node.attr in _TEXT_TESTS else []
        elif isinstance(node, nodes.Test) and node.name in _COMPARING_TESTS:
            sides = [node.node, *node.args]
        if any(taints.of(side) & Taint.DATE for side in sides):
            yield node.lineno


def find_counts(tree: nodes.Template, taints: Taints) -> Iterator[int]:
    """Lines that wait for a long conversation, or for one of just so many turns."""
    for node in walk(tree):
        if isinstance(node, nodes.Compare):
            sides = [node.expr, *(operand.expr for operand in node.ops)]
            counted = any(taints.of(side) & Taint.COUNT for side in sides)
            numbers = [whole_number(side) or 0 for side in sides]
            exactly = any(operand.op == "eq" for operand in node.ops)
            most = MAX_EXACT_TURNS if exactly else MAX_TURNS
            if counted and max(numbers) > most:
                yield node.lineno


def find_lengths(tree: nodes.Template, taints: Taints) -> bool:
    """Whether a length is compared with a number over 1 anywhere."""
    for node in walk(tree):
        if isinstance(node, nodes.Compare):
            sides = [node.expr, *(operand.expr for operand in node.ops)]
            counted = any(taints.of(side) & Taint.COUNT for side in sides)
            if counted and any((whole_number(side) or 0) > 2 for side in sides):
                return True
    return False


def _conditions(test: nodes.Node) -> Iterator[nodes.Node]:
    """The parts of a condition; that a variable is given at all is no test of what it says."""
    if isinstance(test, nodes.And | nodes.Or):
        yield from _conditions(test.left)
        yield from _conditions(test.right)
    elif isinstance(test, nodes.Not):
        yield from _conditions(test.node)
    else:
        yield test


def is_mark(word: str) -> bool:
    """Whether a constant is a mark of a format and nothing that a person would write."""
    bare = word.strip()
    if bare.lower() in _SWITCHES or bare == _UNFINISHED:
        return True
    beside, marks = _MARK.subn("", _ENTITY.sub("", bare))
    letters = sum(c.isalnum() for c in beside)
    if marks:
        return letters <= _MAX_LETTERS_BESIDE_MARKS
    return letters == 0 and len(bare) <= 8


def sought_words(tree: nodes.Template, constants: Constants) -> list[str]:
    """Every constant text of the template's expressions, to be tried as a trigger."""
    found: dict[str, None] = {}
    for node in walk(tree):
        if isinstance(node, nodes.Const | nodes.Concat | nodes.Add | nodes.Filter | nodes.Call):
            text = _SWITCH.sub(" ", _MARK.sub(" ", constants.text(node) or "")).strip()
            if text and len(text) <= 120 and any(c.isalnum() for c in text) and not is_mark(text):
                found.setdefault(text)
    return list(found)


def _tests(node: nodes.Node, taints: Taints) -> Iterator[tuple[nodes.Node, nodes.Node]]:
    """Pairs of what is looked at and what is looked for."""
    if isinstance(node, nodes.Compare):
        left: nodes.Node = node.expr
        for operand in node.ops:
            yield from _compared(left, operand.op, operand.expr, taints)
            left = operand.expr
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        if node.node.attr in _TEXT_TESTS:
            for arg in node.args[:2]:
                yield node.node.node, arg
    elif isinstance(node, nodes.Filter) and node.node is not None:
        yield from _filtered(node, node.node)
    elif isinstance(node, nodes.Test) and node.name in _COMPARING_TESTS:
        for arg in node.args:
            yield node.node, arg


def _compared(
    left: nodes.Node, operator: str, right: nodes.Node, taints: Taints
) -> Iterator[tuple[nodes.Node, nodes.Node]]:
    if operator not in _EQUALITIES:
        return
    if operator in ("in", "notin"):
        yield left, right
        # "content" in message asks for a key, which is the format's.
        if taints.of(right) & Taint.CONTENT:
            yield right, left
        return
    yield left, right
    yield right, left


def _filtered(node: nodes.Filter, subject: nodes.Node) -> Iterator[tuple[nodes.Node, nodes.Node]]:
    if node.name == "replace":
        for arg in node.args[:2]:
            yield subject, arg
    elif node.name in _SELECTING and node.args:
        first = node.args[0]
        by_attribute = node.name.endswith("attr")
        if by_attribute and isinstance(first, nodes.Const) and first.value in LABELS:
            return
        for arg in node.args[2 if by_attribute else 1 :]:
            yield subject, arg
