"""Where a checkpoint keeps its chat template.

In a file of its own, in the tokenizer's settings, or in a GGUF file's metadata. Knows where, not
what a template means: the text comes back as it stands.
"""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.chat_template.metering import BadTemplate
from paddock.checkpoint.chat_template.template import MAX_TEMPLATE_BYTES
from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.gguf.reading import begins_gguf, read_gguf
from paddock.checkpoint.gguf.tokenizer_reading import CHAT_TEMPLATE as GGUF_KEY
from paddock.checkpoint.gguf.values import text_at
from paddock.checkpoint.strict_json import load_object, read_small
from paddock.checkpoint.tokenizer.files import CHAT_TEMPLATE, TOKENIZER_CONFIG


def template_source(path: Path) -> str | None:
    """The template in a checkpoint folder or a GGUF file, None when it has none."""
    if path.is_file():
        if begins_gguf(path):
            return text_at(read_gguf(path).metadata, GGUF_KEY)
        return template_source(path.parent)
    if (path / CHAT_TEMPLATE).is_file():
        raw = read_small(path / CHAT_TEMPLATE, BadTokenizer, MAX_TEMPLATE_BYTES)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as e:
            raise BadTemplate(f"{CHAT_TEMPLATE} is not UTF-8 text") from e
    if not (path / TOKENIZER_CONFIG).is_file():
        return None
    return _in_settings(load_object(path / TOKENIZER_CONFIG, BadTokenizer).get("chat_template"))


def _in_settings(named: object) -> str | None:
    if isinstance(named, list):  # several templates, each with a name
        named = {
            each.get("name"): each.get("template") for each in named if isinstance(each, dict)
        }.get("default")
    if named is not None and not isinstance(named, str):
        raise BadTemplate(f"chat_template in {TOKENIZER_CONFIG} is not text")
    return named
