"""Which regular expressions a short text can make run for ever.

A repetition inside a repetition is harmless as long as every text has one way through it. It is
not when what the inner one eats may as well begin what follows it in the next round: then every
character doubles the ways. Judged on the tree, before any engine sees it; three overlapping
repetitions in a row count, too, for their ways grow with the cube of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from paddock.checkpoint.scan.tokenizers.regex_tree import (
    Alt,
    Look,
    Node,
    NotRead,
    Repeat,
    Seq,
    Set,
    parse_pattern,
)
from paddock.errors import shown

MANY = 8  # a repetition of more rounds is treated as endless
_IN_A_ROW = 3
_NOTHING: frozenset[str] = frozenset()


def slow_parts(pattern: str) -> Iterator[str]:
    """Why the pattern may run for ever, in sentences; raises NotRead where it cannot be told."""
    told: set[str] = set()
    for message in _visit(parse_pattern(pattern), _NOTHING, False):
        if message not in told:
            told.add(message)
            yield f"the pattern {shown(pattern)} {message}"


def characters_of(pattern: str) -> frozenset[str]:
    """Every probe that some part of the pattern can match; raises NotRead."""
    return _all(parse_pattern(pattern))


def can_be_empty(node: Node) -> bool:
    """Whether a node can match the empty text."""
    if isinstance(node, Set):
        return False
    if isinstance(node, Seq):
        return all(map(can_be_empty, node.items))
    if isinstance(node, Alt):
        return any(map(can_be_empty, node.branches))
    if isinstance(node, Repeat):
        return node.least == 0 or can_be_empty(node.item)
    return True


def first_of(node: Node) -> frozenset[str]:
    """The characters with which a match can begin."""
    if isinstance(node, Set):
        return node.chars
    if isinstance(node, Alt):
        return _NOTHING.union(*map(first_of, node.branches))
    if isinstance(node, Repeat):
        return first_of(node.item)
    found = _NOTHING
    for item in node.items if isinstance(node, Seq) else ():
        found |= first_of(item)
        if not can_be_empty(item):
            break
    return found


def _visit(node: Node, follow: frozenset[str], in_loop: bool) -> Iterator[str]:
    """``follow``: what may come next in the loop around."""
    if isinstance(node, Look):
        yield from _visit(node.item, _NOTHING, False)
    elif isinstance(node, Alt):
        if in_loop:
            yield from _overlapping(node)
        for branch in node.branches:
            yield from _visit(branch, follow, in_loop)
    elif isinstance(node, Seq):
        yield from _in_a_row(node)
        for item in reversed(node.items):
            yield from _visit(item, follow, in_loop)
            follow = first_of(item) | (follow if can_be_empty(item) else _NOTHING)
    elif isinstance(node, Repeat):
        yield from _repeated(node, follow, in_loop)


def _repeated(node: Repeat, follow: frozenset[str], in_loop: bool) -> Iterator[str]:
    if node.is_possessive:
        yield from _visit(node.item, _NOTHING, False)
        return
    begin = first_of(node.item)
    if in_loop and node.least != node.most and begin & follow:
        yield "repeats what a repetition around it repeats"
    if not _is_endless(node):
        yield from _visit(node.item, follow, in_loop)
        return
    if can_be_empty(node.item) and _has_endless(node.item):
        yield "repeats something that may be empty"
    yield from _visit(node.item, begin, True)


def _overlapping(node: Alt) -> Iterator[str]:
    for one, other in combinations(node.branches[:100], 2):
        if first_of(one) & first_of(other) and not _told_apart(one, other):
            yield "repeats a choice whose branches begin alike"
            return


def _told_apart(one: Node, other: Node) -> bool:
    """Whether two branches differ at a character before either ends."""
    for left, right in zip(_parts(one), _parts(other), strict=False):
        if not isinstance(left, Set) or not isinstance(right, Set):
            return False
        if not left.chars & right.chars:
            return True
    return False


def _parts(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Seq) else (node,)


def _in_a_row(node: Seq) -> Iterator[str]:
    run: list[frozenset[str]] = []
    for item in node.items:
        if isinstance(item, Repeat) and _is_endless(item) and not item.is_possessive:
            begin = first_of(item.item)
            run = [*run, begin] if run and run[-1] & begin else [begin]
            if len(run) >= _IN_A_ROW:
                yield f"has {_IN_A_ROW} repetitions in a row that match the same"
        elif not can_be_empty(item):
            run = []


def _is_endless(node: Repeat) -> bool:
    return node.most is None or node.most > MANY


def _has_endless(node: Node) -> bool:
    if isinstance(node, Repeat):
        return _is_endless(node) or _has_endless(node.item)
    if isinstance(node, Set):
        return False
    inner = node.items if isinstance(node, Seq) else getattr(node, "branches", ())
    return any(map(_has_endless, inner)) or (isinstance(node, Look) and _has_endless(node.item))


def _all(node: Node) -> frozenset[str]:
    if isinstance(node, Set):
        return node.chars
    if isinstance(node, Repeat):
        return _all(node.item)
    inner = node.items if isinstance(node, Seq) else getattr(node, "branches", ())
    return _NOTHING.union(*map(_all, inner))


__all__ = ["NotRead", "can_be_empty", "characters_of", "first_of", "slow_parts"]
