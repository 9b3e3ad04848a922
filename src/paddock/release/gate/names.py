"""When two names are one person's: the same but for case, spacing, or letters that look alike.

Pure. Names in release.yaml are an author's own words: an author who may not approve must not do so
under another spelling of their name. A name that is really another's is for people to notice.
"""

from __future__ import annotations

import unicodedata

# Letters of other scripts that look like Latin ones, in lower case (Unicode TR 39, confusables).
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501",
    "aeopcyxijshd",
)
_GREEK = ("\u03b1\u03bf\u03b5\u03c1\u03b9\u03ba\u03bd\u03c5\u03c4\u03c7", "aoepikvutx")
_LOOKS_LIKE = str.maketrans(_CYRILLIC[0] + _GREEK[0], _CYRILLIC[1] + _GREEK[1])


def folded(name: str) -> str:
    """What names are compared by."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    plain = unicodedata.normalize("NFD", text.translate(_LOOKS_LIKE))
    kept = (c for c in plain if unicodedata.category(c)[0] in "LNPS")  # no marks, spaces, controls
    return "".join(kept)


def is_same_person(one: str, other: str) -> bool:
    """Whether two names would be read as one."""
    return folded(one) == folded(other)
