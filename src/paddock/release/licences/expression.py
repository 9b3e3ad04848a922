"""SPDX licence expressions: are they well formed, and what do they name?

Pure; the grammar is that of SPDX 3.0, annex "licence expressions". A single word is a name and
always well formed; operators and parentheses must fit together.
"""

from __future__ import annotations

import re

from paddock.release.licences.card_licence import card_licence

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_NAME = re.compile(r"[A-Za-z0-9.+:_-]+")
_OPERATORS = ("AND", "OR", "WITH")


def licences_in(expression: str) -> set[str]:
    """The licences that an expression names, as the Hub spells them; lower case."""
    named = (
        word for word in re.split(r"[\s()]+", expression) if word and word.upper() not in _OPERATORS
    )
    return {(found.license_name or found.license).lower() for found in map(card_licence, named)}


def expression_problem(expression: str) -> str | None:
    """Why ``expression`` is malformed, or None; free text without operators is a name."""
    words = _TOKEN.findall(expression)
    if not any(word in (*_OPERATORS, "(", ")") for word in words):
        return None
    depth, wants_name, previous = 0, True, ""
    for word in words:
        if word == "(" or _is_name(word):
            if not wants_name:
                return f"there is no operator before {word!r:.60}"
            depth += word == "("
            wants_name = word == "("
        elif word == ")" or word in _OPERATORS:
            if wants_name:
                return f"there is no licence before {word!r}"
            depth -= word == ")"
            wants_name = word != ")"
        else:
            return f"{word!r:.60} is no licence id"
        if depth < 0:
            return "a parenthesis closes that was never opened"
        if previous == "WITH" and word == "(":
            return "WITH is followed by one exception"
        previous = word
    if depth:
        return "a parenthesis is never closed"
    return "it ends with an operator" if wants_name else None


def _is_name(word: str) -> bool:
    return word not in _OPERATORS and bool(_NAME.fullmatch(word))
