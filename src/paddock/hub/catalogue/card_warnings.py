"""What a card may say, and what its readers will probably not understand.

Pure. The words follow the Hub's, because people search for them. Nothing here keeps a card out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from paddock.hub.types import Kind

GATE_FIELDS = ("text", "checkbox", "date_picker", "country", "select")
_LANGUAGE = re.compile(r"[a-z]{2,3}|code|multilingual|multimodal")
_REPOSITORY_ID = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?", re.ASCII)
_TAG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SHOWN_CHARS = 100


def card_warnings(metadata: dict[str, Any], kind: Kind) -> Iterator[str]:
    """Everything that is odd about a card's metadata."""
    for place, value in _texts("language", metadata.get("language")):
        if not _LANGUAGE.fullmatch(value):
            yield (
                f'"{place}" with value "{value[:_SHOWN_CHARS]}" is not valid. It must be an '
                "ISO 639-1, 639-2 or 639-3 code (two/three letters), or a special value like "
                '"code", "multilingual". If you want to use BCP-47 identifiers, you can specify '
                "them in language_bcp47."
            )
    if kind is Kind.MODEL:
        for place, value in _texts("datasets", metadata.get("datasets")):
            if not _REPOSITORY_ID.fullmatch(value):
                yield (
                    f'"{place}" with value "{value[:_SHOWN_CHARS]}" is not valid. If possible, '
                    "use a dataset id from https://hf.co/datasets."
                )
        task = metadata.get("pipeline_tag")
        if isinstance(task, str) and not _TAG.fullmatch(task):
            yield f'"pipeline_tag" with value "{task[:_SHOWN_CHARS]}" is not the name of a task'
    if metadata.get("license") == "other" and not metadata.get("license_name"):
        yield '"license" is "other": say which in "license_name" and "license_link"'
    yield from _gate_warnings(metadata.get("extra_gated_fields"))


def _gate_warnings(fields: Any) -> Iterator[str]:
    for name, what in fields.items() if isinstance(fields, dict) else ():
        place = f'"extra_gated_fields.{name[:_SHOWN_CHARS]}"'
        type_ = what.get("type") if isinstance(what, dict) else what
        if not isinstance(type_, str) or type_ not in GATE_FIELDS:
            yield f"{place} must be one of [{', '.join(GATE_FIELDS)}]"
        elif type_ == "select" and not (isinstance(what, dict) and what.get("options")):
            yield f"{place} is a select without options: nobody is asked it"


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Texts with their places, of a field that is one text or a list."""
    if isinstance(value, str):
        yield key, value
    for position, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            yield f"{key}[{position}]", item
