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
    ("gemma", r"Gemma Terms of Use"),
    ("openrail++", r"CreativeML Open ?RAIL\+\+-M"),
    ("creativeml-openrail-m", r"CreativeML Open ?RAIL-M"),
    ("bigcode-openrail-m", r"BigCode Open ?RAIL-M"),
    ("bigscience-openrail-m", r"BigScience Open ?RAIL-M"),
    ("bigscience-bloom-rail-1.0", r"BigScience RAIL License"),
    ("openmdw-1.1", r"OpenMDW License Agreement,? version 1\.1"),
    ("openmdw-1.0", r"OpenMDW License Agreement"),
    ("agpl-3.0", r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3"),
    ("lgpl-3.0", r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3"),
    ("lgpl-2.1", r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1"),
    ("gpl-3.0", r"GNU GENERAL PUBLIC LICENSE\s+Version 3"),
    ("gpl-2.0", r"GNU GENERAL PUBLIC LICENSE\s+Version 2"),
    ("apache-2.0", r"Apache License\s+Version 2\.0"),
    ("mpl-2.0", r"Mozilla Public License,?\s+[Vv]ersion 2\.0"),
    ("mit", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("bsd-3-clause", r"Redistribution and use in source and binary forms[\s\S]{0,2000}Neither the"),
    ("bsd-2-clause", r"Redistribution and use in source and binary forms"),
    ("isc", r"Permission to use, copy, modify, and/or distribute this software[\s\S]{0,300}appear"),
    ("0bsd", r"Permission to use, copy, modify, and/or distribute this software"),
    ("zlib", r"This software is provided 'as-is', without any express or implied"),
    ("bsl-1.0", r"Boost Software License - Version 1\.0"),
    ("unlicense", r"This is free and unencumbered software released into the public domain"),
    ("cc0-1.0", r"CC0 1\.0 Universal"),
    ("cc-by-nc-nd-4.0", r"Attribution-NonCommercial-NoDerivatives 4\.0 International"),
    ("cc-by-nc-sa-4.0", r"Attribution-NonCommercial-ShareAlike 4\.0 International"),
    ("cc-by-nc-4.0", r"Attribution-NonCommercial 4\.0 International"),
    ("cc-by-nd-4.0", r"Attribution-NoDerivatives 4\.0 International"),
    ("cc-by-sa-4.0", r"Attribution-ShareAlike 4\.0 International"),
    ("cc-by-4.0", r"Attribution 4\.0 International"),
    ("cdla-permissive-2.0", r"Community Data License Agreement\W+Permissive\W+Version 2\.0"),
    ("cdla-permissive-1.0", r"Community Data License Agreement\W+Permissive\W+Version 1\.0"),
    ("cdla-sharing-1.0", r"Community Data License Agreement\W+Sharing\W+Version 1\.0"),
    ("odbl", r"Open Database License \(ODbL\)"),
    ("odc-by", r"Open Data Commons Attribution License"),
    ("pddl", r"Open Data Commons\W+Public Domain Dedication"),
)
# Lines may be broken anywhere in a title.
_WRAPPED = tuple((name, re.compile(title.replace(" ", r"\s+"))) for name, title in _TITLES)
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
    return next((name for name, title in _WRAPPED if title.search(plain)), None)


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
