"""What of a loaded model is text: its tokens as grammars see them, its chat template."""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.chat_template.metering import BadTemplate
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.grammar.matching import Vocabulary
from paddock.llama.chat import ChatFormat, load_chat_format
from paddock.llama.tokenizer import Tokenizer


def vocabulary_of(tokenizer: Tokenizer, config: LlamaConfig) -> Vocabulary | None:
    """The tokens as grammars see them; None for a model without an end, which follows none."""
    ends = [token_id for token_id in config.eos_ids if token_id < config.vocab_size]
    return Vocabulary(tokenizer.source, config.vocab_size, ends) if ends else None


def chat_format_of(path: Path, tokenizer: Tokenizer) -> ChatFormat | None:
    """The model's chat template; None where it has none that can be used."""
    try:
        return load_chat_format(path, tokenizer)
    except BadTemplate:
        return None
