"""What a source has beside its weights: the tokenizer, the chat template, the licence texts.

Reads small files, each when it is first asked for and once. Knows where each format keeps them.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from paddock.checkpoint.chat_template.finding import template_source
from paddock.checkpoint.convert.small_files import SmallFile
from paddock.checkpoint.errors import BadConfig, BadTokenizer
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.values import text_at
from paddock.checkpoint.licence_hints import licence_hints
from paddock.checkpoint.opening import Checkpoint, Format
from paddock.checkpoint.safetensors.hf_folder import inside
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tokenizer.files import (
    TOKENIZER_CONFIG,
    LoadedTokenizer,
    TokenizerKind,
    load_tokenizer,
)

LICENCE_KEY = "general.license"
GENERATION_CONFIG = "generation_config.json"
_LEGAL = ("LICENSE", "LICENCE", "NOTICE", "USE_POLICY", "README")
_WITHOUT_HF_FILES = (Format.META, Format.LLAMA2C, Format.GGUF)


class SourceTexts:
    """The texts of one checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    @property
    def has_hf_files(self) -> bool:
        """Whether the folder has ``config.json`` and the like of its own."""
        return self._checkpoint.format not in _WITHOUT_HF_FILES

    @cached_property
    def tokenizer(self) -> LoadedTokenizer | None:
        """The tokenizer, None where there is none."""
        file = self._checkpoint.tokenizer
        return load_tokenizer(file) if file else None

    @cached_property
    def chat_template(self) -> str | None:
        """The default chat template, None where there is none."""
        file = self._checkpoint.tokenizer
        if file and file.kind is TokenizerKind.GGUF:
            return template_source(file.path)
        return template_source(self._checkpoint.folder) if self.has_hf_files else None

    @cached_property
    def tokenizer_settings(self) -> dict[str, Any]:
        """``tokenizer_config.json``; BadTokenizer when it asks for code of its own."""
        path = self._checkpoint.folder / TOKENIZER_CONFIG
        settings = load_object(path, BadTokenizer) if path.exists() else {}
        if settings.get("auto_map"):
            raise BadTokenizer("custom_code", f"{TOKENIZER_CONFIG} asks for code of its own")
        return settings

    @cached_property
    def generation(self) -> dict[str, Any]:
        """``generation_config.json``, empty where there is none."""
        path = self._checkpoint.folder / GENERATION_CONFIG
        return load_object(path, BadConfig) if self.has_hf_files and path.exists() else {}

    @cached_property
    def licence(self) -> str | None:
        """The Hub's id of the licence, where the folder's texts or a GGUF file tell it."""
        hints = licence_hints(self._checkpoint.folder)
        found = next((hint.licence for hint in hints if hint.licence), None)
        file = self._checkpoint.tokenizer
        if found is None and file and file.kind is TokenizerKind.GGUF:
            found = text_at(read_gguf(file.path).metadata, LICENCE_KEY)
        return found

    def legal(self) -> list[SmallFile]:
        """The texts that a licence wants to see beside every copy."""
        folder = self._checkpoint.folder
        names = sorted(path.name for path in folder.iterdir() if _is_legal(path))
        return self.copied(names)

    def copied(self, names: list[str]) -> list[SmallFile]:
        """These files of the source, as they are."""
        return [SmallFile(name, inside(self._checkpoint.folder, name)) for name in names]


def _is_legal(path: Path) -> bool:
    return path.name.upper().startswith(_LEGAL) and path.suffix.lower() in ("", ".md", ".txt")
