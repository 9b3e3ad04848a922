"""What a checkpoint's files say about its licence: hints for a person, not a verdict.

Looks for the titles of known licence texts and for the ``license`` of a model card. Ids are the
Hub's. A text that is not recognised is said to be so, never guessed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from paddock.front_matter import CARD_NAME, BadFrontMatter, parse_front_matter, split_document

MAX_TEXT_BYTES = 1 << 20
_TITLES = (
    ("llama4", r"LLAMA 4 COMMUNITY LICENSE AGREEMENT"),
    ("llama3.3", r"LLAMA 3\.3 COMMUNITY LICENSE AGREEMENT"),
    ("llama3.2", r"LLAMA 3\.2 COMMUNITY LICENSE AGREEMENT"),
    ("llama3.1", r"LLAMA 3\.1 COMMUNITY LICENSE AGREEMENT"),
    ("llama3", r"META LLAMA 3 COMMUNITY LICENSE AGREEMENT"),
    ("llama2", r"LLAMA 2 COMMUNITY LICENSE AGREEMENT"),
    ("apache-2.0", r"Apache License\s+Version 2\.0"),
    ("mit", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("cc-by-nc-4.0", r"Attribution-NonCommercial 4\.0 International"),
    ("cc-by-sa-4.0", r"Attribution-ShareAlike 4\.0 International"),
    ("cc-by-4.0", r"Attribution 4\.0 International"),
    ("openmdw-1.0", r"OpenMDW License Agreement"),
)
_LICENCE_FILE = re.compile(r"(LICEN[SC]E|COPYING)([-._].*)?", re.IGNORECASE)


class LicenceHint(NamedTuple):
    """Where something was said about the licence, and which it seems to be."""

    file: str
    licence: str | None  # the Hub's id; None for a text that is not known


def licence_hints(folder: Path) -> list[LicenceHint]:
    """Hints in the folder's licence files and its model card, in order of name."""
    hints = []
    for path in sorted(folder.iterdir()):
        if not path.is_file():
            continue
        if _LICENCE_FILE.fullmatch(path.name):
            hints.append(LicenceHint(path.name, licence_of_text(_read_text(path))))
        elif path.name == CARD_NAME:
            declared = licence_of_card(_read_text(path))
            hints += [LicenceHint(path.name, declared)] if declared else []
    return hints


def licence_of_text(text: str) -> str | None:
    """The licence whose title stands in the text, or None."""
    plain = text.replace("*", "")  # titles are bold in some copies
    return next((name for name, title in _TITLES if re.search(title, plain)), None)


def licence_of_card(text: str) -> str | None:
    """The ``license`` of a model card's front matter; ``license_name`` where that is ``other``."""
    source = split_document(text).front_matter
    try:
        card = parse_front_matter(source or "")
    except BadFrontMatter:
        return None
    if not isinstance(card, dict):
        return None
    declared = card.get("license")
    if declared == "other" and isinstance(card.get("license_name"), str):
        declared = card["license_name"]
    return declared if isinstance(declared, str) else None


def _read_text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_TEXT_BYTES).decode("utf-8", "replace")
