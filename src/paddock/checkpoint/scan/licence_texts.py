"""Licences that a folder holds, names and stands under: whether these are the same, and unchanged.

Llama's licences and notices must be passed on as they are, so their words are known here by digest:
a text with as many words and another digest was changed. Spacing, quotes and stars are no words.
What a release owes besides (a name, a badge) is ``release``'s to judge.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from paddock.checkpoint.licence_hints import licence_of_card, licence_of_text
from paddock.checkpoint.scan.documents import object_of, text_of
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.tokenizers.agreement import by_folder
from paddock.errors import shown
from paddock.front_matter import CARD_NAME, BadFrontMatter, parse_front_matter, split_document

MAX_TEXT_BYTES = 1 << 20
MAX_ALTERED_WORDS = 3  # more or fewer words: another edition, of which nothing is known
_LICENCE_FILE = re.compile(r"(?:LICEN[SC]E|COPYING)(?:[-._].*)?", re.IGNORECASE)
_NOTICE_FILE = re.compile(r"NOTICES?(?:[-._].*)?", re.IGNORECASE)
_LLAMA_LICENCE = re.compile(r"llama[^\n]{0,40}community licen[sc]e", re.IGNORECASE)


class Text(NamedTuple):
    """A published text: how many words it has, and the digest of them."""

    words: int
    sha256: str


# Of the texts at github.com/meta-llama/llama-models, models/*/LICENSE.
_TEXTS = {
    "llama2": Text(1105, "e4937443ca1ceec64e98765d57423be7d0655ee74cf2fadb640ab768b6e0684d"),
    "llama3": Text(1927, "7e01ab15f98fa3477564e7ee51203a956d780aa3dceef56427f4e08141680ccf"),
    "llama3.1": Text(1231, "c547b811856911244090f26044da591953172bf0c122e561bd1bffff8ba9842f"),
    "llama3.2": Text(1231, "7ac349ae6f1d76eca1cc7672752d5a99537f58e7236b61e261fd5c9b5d97634d"),
    "llama3.3": Text(1263, "4b6c4d789af84070829ca9f73fe5b67b70eff3aa5e5cdb504d3707d204416da6"),
    "llama4": Text(1222, "4b00eed363b5c5c8c64b2de02d469c33f6f871f9898e8a963c36e1e8f0b87da6"),
}
_RIGHTS = "Meta Platforms, Inc. All Rights Reserved."
_NOTICES = (
    f"Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) {_RIGHTS}",
    "Meta Llama 3 is licensed under the Meta Llama 3 Community License, "
    f"Copyright \N{COPYRIGHT SIGN} {_RIGHTS}",
    *(
        f"Llama {version} is licensed under the Llama {version} Community License, "
        f"Copyright \N{COPYRIGHT SIGN} {_RIGHTS}"
        for version in ("3.1", "3.2", "3.3", "4")
    ),
)
_ALIKE = 0.85
_PERMISSIVE = frozenset(
    ("apache-2.0", "mit", "bsd-3-clause", "bsd-2-clause", "cc0-1.0", "unlicense")
)


def check_licences(looks: Sequence[Look]) -> Iterator[Reason]:
    """Compare the licence texts, the card and the configuration of each folder."""
    for files in by_folder(looks).values():
        card = files.get(CARD_NAME)
        head = _front_matter(text_of(card, MAX_TEXT_BYTES)) if card else {}
        declared = licence_of_card(text_of(card, MAX_TEXT_BYTES)) if card else None
        for look in files.values():
            if _LICENCE_FILE.fullmatch(look.basename):
                yield from _check_text(look, declared)
            elif _NOTICE_FILE.fullmatch(look.basename):
                yield from _check_notice(look)
        if card and declared:
            yield from _check_base(card, declared, head, files.get("config.json"))


def _check_text(look: Look, declared: str | None) -> Iterator[Reason]:
    text = text_of(look, MAX_TEXT_BYTES)
    found = licence_of_text(text)
    if found in _TEXTS and _is_altered(text, _TEXTS[found]):
        message = f"{look.basename} is the {found} licence with changed words"
        yield Reason("licence_altered", look.name, message)
    if found is None and _LLAMA_LICENCE.search(text[:20_000]):
        message = f"{look.basename} speaks of a Llama licence and is none that is known"
        yield Reason("licence_unclear", look.name, message)
    is_bound = found in _TEXTS or (found or "").startswith("cc-by-nc")
    if is_bound and declared and declared != found and declared.lower() in _PERMISSIVE:
        message = f"the card says {shown(declared)}, {look.basename} is the {found} licence"
        yield Reason("licence_relabelled", look.name, message)


def _is_altered(text: str, published: Text) -> bool:
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower())
    if abs(len(words) - published.words) > MAX_ALTERED_WORDS:
        return False
    return hashlib.sha256(" ".join(words).encode()).hexdigest() != published.sha256


def _check_notice(look: Look) -> Iterator[Reason]:
    text = " ".join(text_of(look, MAX_TEXT_BYTES).split())
    if any(notice in text for notice in _NOTICES):
        return
    for sentence in re.split(r"(?<=Reserved\.)|(?<=Reserved)\s", text)[:100]:
        close = difflib.get_close_matches(sentence.strip()[:400], _NOTICES, 1, _ALIKE)
        if close:
            message = f"the notice {shown(sentence.strip())} should be {shown(close[0])}"
            yield Reason("licence_altered", look.name, message)
            return


def _check_base(
    card: Look, declared: str, head: dict[str, Any], config: Look | None
) -> Iterator[Reason]:
    """A model made from a Llama keeps its licence, whatever its card says."""
    if declared.lower() not in _PERMISSIVE:
        return
    named = head.get("base_model")
    for name in named if isinstance(named, list) else [named]:
        if isinstance(name, str) and name.startswith("meta-llama/"):
            message = f"the card says {shown(declared)} and names the base {shown(name)}"
            yield Reason("licence_relabelled", card.name, message)
    origin = object_of(config).get("_name_or_path") if config else None
    if isinstance(origin, str) and origin.startswith("meta-llama/") and not named:
        message = f"the card says {shown(declared)}, the configuration comes from {shown(origin)}"
        yield Reason("licence_unclear", card.name, message)


def _front_matter(text: str) -> dict[str, Any]:
    try:
        head = parse_front_matter(split_document(text).front_matter or "")
    except BadFrontMatter:
        return {}
    return head if isinstance(head, dict) else {}
