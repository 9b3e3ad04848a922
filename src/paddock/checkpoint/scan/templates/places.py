"""Where chat templates are, and what is said about each; all copies of one must be the same.

Known places: ``chat_template`` in any JSON file (a text, or a list of named ones), files of Jinja
whatever their name, keys of GGUF and safetensors metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from paddock.checkpoint.scan.documents import items_of, metadata_of, object_of, text_of
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.templates.audit import audit_template
from paddock.checkpoint.scan.yaml_files import texts_of

MAX_TEMPLATES = 64  # of one file
_DEFAULT = "default"
_ELSEWHERE = "elsewhere"  # not compared: a recipe may well show several
_GGUF_KEY = "tokenizer.chat_template"
_SUFFIXES = (".jinja", ".jinja2", ".j2")
_ADDITIONAL = "additional_chat_templates"
_MAX_TEXT_BYTES = 1 << 20  # a file of Jinja; more is refused as a template in any case


class FoundTemplate(NamedTuple):
    """A template, what it is called among a model's templates, and where it stands."""

    name: str
    place: str
    source: str


def check_templates(look: Look) -> Iterator[Reason]:
    """Audit every template in a file."""
    declared = _declared_tokens(object_of(look))
    found = templates_in(look)
    for template in found[:MAX_TEMPLATES]:
        yield from audit_template(template.source, template.place, look.budget.tick, declared)
    if len(found) > MAX_TEMPLATES:
        yield Reason("template_too_costly", look.name, f"it holds {len(found)} chat templates")


def check_copies(looks: Sequence[Look]) -> Iterator[Reason]:
    """Every copy of a model's template must be the same: programs differ in which they take."""
    first: dict[tuple[str, str], FoundTemplate] = {}
    for look in looks:
        for template in templates_in(look):
            key = (_model_folder(look.name), template.name)
            other = first.setdefault(key, template) if template.name != _ELSEWHERE else template
            if other.source.strip() != template.source.strip():
                yield Reason(
                    "template_differs",
                    template.place,
                    f"the chat template {template.name!a} differs from that of {other.place}",
                )


def templates_in(look: Look) -> list[FoundTemplate]:
    """Every chat template in a file."""
    if look.kind is Kind.JSON:
        return list(_in_json(look))
    if look.kind in (Kind.GGUF, Kind.SAFETENSORS):
        return list(_in_metadata(look))
    if look.kind is Kind.YAML:
        texts = (
            text for text in texts_of(look) if _talks_of_messages(text.encode("utf-8", "replace"))
        )
        return [FoundTemplate(_ELSEWHERE, look.name, text) for text in texts]
    return list(_in_text(look))


def _in_json(look: Look) -> Iterator[FoundTemplate]:
    if look.size_bytes > (1 << 20) and not _mentions(look, b"_template"):
        return  # a vocabulary
    for item in items_of(object_of(look)):
        if not item.key.endswith("_template"):
            is_text = isinstance(item.value, str) and "_template" not in item.path
            if is_text and _talks_of_messages(item.value.encode("utf-8", "replace")):
                yield FoundTemplate(_ELSEWHERE, f"{look.name} ({item.key[:40]})", item.value)
        elif isinstance(item.value, str) and _is_jinja(item.value):
            yield FoundTemplate(_DEFAULT, look.name, item.value)
        elif isinstance(item.value, dict):
            name, source = item.value.get("name"), item.value.get("template")
            named = {name: source} if isinstance(source, str) else item.value
            for name, source in named.items():
                if isinstance(source, str) and _is_jinja(source):
                    yield FoundTemplate(str(name), f"{look.name} ({str(name)[:40]})", source)


def _mentions(look: Look, word: bytes) -> bool:
    """Whether the bytes hold a word; much sooner known than parsed."""
    kept = b""
    for piece in look.pieces():
        if word in kept + piece:
            return True
        kept = piece[-len(word) :]
    return False


def _in_metadata(look: Look) -> Iterator[FoundTemplate]:
    for key, text in metadata_of(look).items():
        if key == _GGUF_KEY or (look.kind is Kind.SAFETENSORS and key.endswith("chat_template")):
            yield FoundTemplate(_DEFAULT, f"{look.name} ({key[:80]})", text)
        elif key.startswith(f"{_GGUF_KEY}."):
            name = key.removeprefix(f"{_GGUF_KEY}.")
            yield FoundTemplate(name, f"{look.name} ({key[:80]})", text)
        elif "chat_template" in key:  # for programs with keys of their own
            yield FoundTemplate(key, f"{look.name} ({key[:80]})", text)


def _in_text(look: Look) -> Iterator[FoundTemplate]:
    named = look.basename.lower().endswith(_SUFFIXES)
    if not named and look.kind not in (Kind.JINJA, Kind.TEXT):
        return
    if not named and (look.size_bytes > _MAX_TEXT_BYTES or not _talks_of_messages(look.head)):
        return
    path = PurePosixPath(look.basename)
    name = path.stem if _ADDITIONAL in look.name.split("/") else _DEFAULT
    if name == _DEFAULT and path.stem != "chat_template":
        name = path.stem
    yield FoundTemplate(name, look.name, text_of(look, _MAX_TEXT_BYTES))


def _talks_of_messages(head: bytes) -> bool:
    is_jinja = b"{%" in head or b"{{" in head
    return is_jinja and any(word in head for word in (b"message", b"__", b"attr("))


def _is_jinja(text: str) -> bool:
    return "{%" in text or "{{" in text or len(text) > 40


def _model_folder(name: str) -> str:
    """The folder of the model that a file belongs to; archives are folders here."""
    parts = [part for part in name.replace("!", "/").split("/")[:-1] if part != _ADDITIONAL]
    return "/".join(parts)


def _declared_tokens(config: dict[str, Any]) -> frozenset[str]:
    """Special tokens that a ``tokenizer_config.json`` names."""
    named = [value for key, value in config.items() if key.endswith("_token")]
    added = config.get("added_tokens_decoder")
    tokens = [*named, *(added.values() if isinstance(added, dict) else ())]
    texts = [each.get("content") if isinstance(each, dict) else each for each in tokens]
    # A plain word is none, whatever the settings call it.
    return frozenset(each for each in texts if isinstance(each, str) and not each.isalpha())
