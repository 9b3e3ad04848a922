"""What of a model is text: its tokens, as grammars see them too, and its chat template."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.chat_template.metering import BadTemplate
from paddock.checkpoint.opening import Checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.grammar.matching import Vocabulary
from paddock.llama.chat import ChatFormat, load_chat_format
from paddock.llama.tokenizer import Tokenizer


class Words(NamedTuple):
    """How a model's text becomes tokens, and its tokens text."""

    tokenizer: Tokenizer
    chat: ChatFormat | None  # None: no template that can be used
    vocabulary: Vocabulary | None  # None: the model has no end, and so follows no grammar


def read_words(path: Path, checkpoint: Checkpoint) -> Words:
    """Those of the model at ``path``, which was opened; raises BadTokenizer."""
    tokenizer = Tokenizer.of(checkpoint)
    return Words(
        tokenizer, _chat_format(path, tokenizer), _vocabulary(tokenizer, checkpoint.config)
    )


def _chat_format(path: Path, tokenizer: Tokenizer) -> ChatFormat | None:
    try:
        return load_chat_format(path, tokenizer)
    except BadTemplate:
        return None


def _vocabulary(tokenizer: Tokenizer, config: LlamaConfig) -> Vocabulary | None:
    ends = [token_id for token_id in config.eos_ids if token_id < config.vocab_size]
    return Vocabulary(tokenizer.source, config.vocab_size, ends) if ends else None
