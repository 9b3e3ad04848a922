"""A sensible release.yaml for a bare folder, and what was assumed to write it, line by line.

Pure: what was found in, text out. The text goes through the same reader as any other release file,
so an assumption can never say more than a person could write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from paddock.front_matter import BadFrontMatter, parse_front_matter
from paddock.release.planning.source import Source
from paddock.release.spec.licences import UNKNOWN_LICENSE
from paddock.release.spec.release_spec import API_VERSION, KIND

FIRST_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Assumed:
    """A release file that nobody wrote by hand, and the sentences about it."""

    content: bytes
    sentences: tuple[str, ...]


def assume_release(source: Source, name: str, to: str | None) -> Assumed:
    """The release file for a folder without one."""
    card, notes = _card_fields(source.front_matter)
    sentences = [
        f"name: {name}, from {'--to' if to else 'the folder'}",
        f"version: {FIRST_VERSION}, because none is known",
        *notes,
    ]
    document: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "version": FIRST_VERSION, **_metadata(card, sentences)},
    }
    if parents := _parents(card, sentences):
        document["lineage"] = {"base_model": parents}
    document["licenses"] = {"distribution": _license(card, source, sentences)}
    document["artifacts"] = {"source": {"path": "."}, "forbid": ["pickle", "python", "executables"]}
    sentences.append("access: a new repository is open; an existing one keeps its settings")
    if to is not None:
        document["publish"] = [{"to": "hub", "repo": to}]
        sentences.append(f"publish: to {to}, from --to")
    return Assumed(_render(document), tuple(sentences))


def _render(document: dict[str, Any]) -> bytes:
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
    return f"# Written by paddock from what it found; change what is wrong.\n{text}".encode()


def _card_fields(front_matter: str | None) -> tuple[dict[str, Any], list[str]]:
    """The README's front matter, if it is usable."""
    try:
        card = parse_front_matter(front_matter or "")
    except BadFrontMatter as e:
        return {}, [f"the front matter of README.md is not used: {e.message}"]
    return (card, []) if isinstance(card, dict) else ({}, [])


def _texts(card: dict[str, Any], key: str) -> list[str]:
    value = card.get(key)
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item.strip()]


def _metadata(card: dict[str, Any], sentences: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, many in (
        ("pipeline_tag", False),
        ("library_name", False),
        ("language", True),
        ("tags", True),
    ):
        if values := _texts(card, key):
            found[key] = values if many else values[0]
            sentences.append(f"{key}: {', '.join(values)}, from README.md")
    return found


def _parents(card: dict[str, Any], sentences: list[str]) -> list[dict[str, str]]:
    relation = next(iter(_texts(card, "base_model_relation")), None)
    known = relation in {"finetune", "adapter", "merge", "quantized"}
    parents = [
        {"id": parent, **({"relation": relation} if known and relation else {})}
        for parent in _texts(card, "base_model")
    ]
    if parents:
        sentences.append(f"base model: {', '.join(p['id'] for p in parents)}, from README.md")
    else:
        sentences.append("base model: none is declared")
    return parents


def _license(card: dict[str, Any], source: Source, sentences: list[str]) -> str:
    names = _texts(card, "license_name") if _texts(card, "license") == ["other"] else []
    names = names or _texts(card, "license")
    if names:
        sentences.append(f"licence: {names[0]}, from README.md")
        return names[0]
    for file, licence in source.model.licenses:
        if licence is not None:
            sentences.append(f"licence: {licence}, from the text of {file}")
            return licence
    sentences.append("licence: unknown, because nothing in the folder names one")
    return UNKNOWN_LICENSE
