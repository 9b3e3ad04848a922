"""SPDX licence expressions: are they well formed, and what do they name?

Pure; the grammar is that of SPDX 3.0, annex "licence expressions". A text without operators is one
name. ``A OR B`` offers a choice, so an expression is a list of alternatives, each a set of names
that hold together; an exception (``WITH``) is kept beside its licence and grants nothing here.
"""

from __future__ import annotations

import re

from paddock.errors import shown

MAX_WORDS = 200
MAX_ALTERNATIVES = 64
_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_NAME = re.compile(r"[A-Za-z0-9.+:_-]+")
_OPERATORS = ("AND", "OR", "WITH")

Alternative = frozenset[str]  # names as written


def names_in(expression: str) -> frozenset[str]:
    """Every licence that an expression names, as written."""
    return frozenset().union(*alternatives(expression))


def alternatives(expression: str) -> tuple[Alternative, ...]:
    """What may be chosen, each with all that then holds; none for a malformed expression."""
    if expression_problem(expression) is not None:
        return ()
    words = _TOKEN.findall(expression)
    if not _is_compound(words):
        return (frozenset({expression.strip()}),)
    found, _ = _any_of(words, 0)
    return tuple(dict.fromkeys(found))


def expression_problem(expression: str) -> str | None:
    """Why ``expression`` is malformed or too large, or None; text without operators is a name."""
    words = _TOKEN.findall(expression)
    if not _is_compound(words):
        return None
    if len(words) > MAX_WORDS:
        return f"it has {len(words)} words, more than {MAX_WORDS}"
    if problem := _shape_problem(words):
        return problem
    found, _ = _any_of(words, 0)
    return (
        f"it offers more than {MAX_ALTERNATIVES} choices" if len(found) > MAX_ALTERNATIVES else None
    )


def _shape_problem(words: list[str]) -> str | None:
    depth, wants_name, previous = 0, True, ""
    for word in words:
        if word == "(" or _is_name(word):
            if not wants_name:
                return f"there is no operator before {shown(word)}"
            depth += word == "("
            wants_name = word == "("
        elif word == ")" or word in _OPERATORS:
            if wants_name:
                return f"there is no licence before {word!r}"
            depth -= word == ")"
            wants_name = word != ")"
        else:
            return f"{shown(word)} is no licence id"
        if depth < 0:
            return "a parenthesis closes that was never opened"
        if (word == "(" and previous == "WITH") or (word == "WITH" and previous == ")"):
            return "WITH stands between one licence and one exception"
        previous = word
    if depth:
        return "a parenthesis is never closed"
    return "it ends with an operator" if wants_name else None


def _any_of(words: list[str], place: int) -> tuple[list[Alternative], int]:
    """A OR B OR …, up to a closing parenthesis or the end; too many choices are cut short."""
    found, place = _all_of(words, place)
    while place < len(words) and words[place] == "OR":
        more, place = _all_of(words, place + 1)
        found = (found + more)[: MAX_ALTERNATIVES + 1]
    return found, place


def _all_of(words: list[str], place: int) -> tuple[list[Alternative], int]:
    """A AND B AND …, which binds closer than OR."""
    found, place = _one(words, place)
    while place < len(words) and words[place] == "AND":
        more, place = _one(words, place + 1)
        found = [a | b for a in found for b in more][: MAX_ALTERNATIVES + 1]
    return found, place


def _one(words: list[str], place: int) -> tuple[list[Alternative], int]:
    if words[place] == "(":
        found, place = _any_of(words, place + 1)
        return found, place + 1
    name, place = words[place], place + 1
    if place < len(words) and words[place] == "WITH":
        place += 2
    return [frozenset({name})], place


def _is_compound(words: list[str]) -> bool:
    return any(word in (*_OPERATORS, "(", ")") for word in words)


def _is_name(word: str) -> bool:
    return word not in _OPERATORS and bool(_NAME.fullmatch(word))
