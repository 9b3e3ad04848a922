"""Licences as bills of materials spell them: SPDX expressions, whatever the author wrote.

Pure. A name that SPDX lists gets its spelling; any other, such as the Hub's ``llama3.1``, becomes
a ``LicenseRef``. Nothing is said about what a licence means.
"""

from __future__ import annotations

import re

from cyclonedx.spdx import fixup_id

from paddock.release.licences.card_licence import is_unknown
from paddock.release.licences.expression import expression_problem

_WORD = re.compile(r"[^\s()]+")
_OPERATORS = frozenset({"AND", "OR", "WITH"})
_NOT_IN_A_REF = re.compile(r"[^A-Za-z0-9.-]+")
_REF = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
MAX_REF_CHARS = 100


def spdx_expression(terms: str | None) -> str | None:
    """The terms as a valid SPDX expression; None where they are not known."""
    if terms is None or is_unknown(terms):
        return None
    words = _WORD.findall(terms)
    if not _OPERATORS & set(words) or expression_problem(terms) is not None:
        return _spelled(terms.strip(), is_exception=False)
    after_with = {i + 1 for i, word in enumerate(words) if word == "WITH"}
    numbers = iter(range(len(words)))

    def replaced(match: re.Match[str]) -> str:
        number, word = next(numbers), match[0]
        return word if word in _OPERATORS else _spelled(word, is_exception=number in after_with)

    return " ".join(_WORD.sub(replaced, terms).split())


def custom_refs(expression: str) -> list[str]:
    """The LicenseRefs in a valid expression."""
    return [word for word in _WORD.findall(expression) if _REF.fullmatch(word)]


def _spelled(name: str, *, is_exception: bool) -> str:
    if is_exception or _REF.fullmatch(name):
        return name
    listed = fixup_id(name)
    if listed is not None:
        return listed
    return "LicenseRef-" + (_NOT_IN_A_REF.sub("-", name).strip("-")[:MAX_REF_CHARS] or "unnamed")
