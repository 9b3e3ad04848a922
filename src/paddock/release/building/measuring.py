"""Measures how far quantised outputs are from what they were made of, over texts that paddock has.

The thin file around ``divergence``: runs the original once, keeps its logits on disk, then every
copy. Where this machine cannot do it, says why; it never guesses.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from paddock.checkpoint.opening import open_checkpoint
from paddock.digest import sha256_hex
from paddock.engine.errors import EngineOutOfMemory, ModelTooLarge, NoRunner
from paddock.errors import PaddockError, Unavailable
from paddock.release.building.divergence import Divergence, compare, over_all
from paddock.release.building.running import comparison_precision, logits_of

MAX_TOKENS: Final = 64  # of a text: with 128,000 entries the logits of one take 33 MB
MIN_TOKENS: Final = 4
_TEXTS = Path(__file__).with_name("sample_texts.txt")


class NotMeasured(Unavailable):
    """This machine cannot run what would have to be measured."""

    code = "not_measured"


def sample_texts() -> list[str]:
    """The texts that are read, a paragraph each."""
    return [text.strip("\n") for text in _TEXTS.read_text("utf-8").split("\n\n") if text.strip()]


def texts_digest() -> str:
    """SHA-256 of the texts' file: which texts a figure is about."""
    return sha256_hex(_TEXTS.read_bytes())


def measure(
    original: Path, copies: Mapping[str, Path], scratch: Path
) -> dict[str, tuple[Divergence, str]]:
    """For each copy its divergence and the precision that both were run in.

    Raises NotMeasured where a model does not fit, nothing can run it, or it has no tokenizer.
    """
    try:
        precision = comparison_precision([original, *copies.values()])
        tokens = _tokens(original)
        for number, logits in enumerate(logits_of(original, precision, tokens)):
            np.save(_kept(scratch, number), logits)
        found = {}
        for name, place in copies.items():
            made = enumerate(logits_of(place, precision, tokens))
            sequences = [
                compare(np.load(_kept(scratch, number)), logits, tokens[number][1:])
                for number, logits in made
            ]
            found[name] = (over_all(sequences), str(precision))
        return found
    except (NoRunner, ModelTooLarge, EngineOutOfMemory, MemoryError) as e:
        why = e.message if isinstance(e, PaddockError) else "there is not enough memory"
        raise NotMeasured(f"it was not measured on this machine: {why}") from e
    finally:
        for path in scratch.glob("logits-*.npy"):
            path.unlink(missing_ok=True)


def _kept(scratch: Path, number: int) -> Path:
    return scratch / f"logits-{number}.npy"


def _tokens(original: Path) -> list[list[int]]:
    """The texts in the model's tokens, cut to the same length everywhere."""
    if importlib.util.find_spec("tokenizers") is None:
        raise NotMeasured(
            "the texts cannot be read without a tokenizer library",
            hint="pip install 'paddock[serve]'",
        )
    from paddock.llama.tokenizer import Tokenizer

    checkpoint = open_checkpoint(original)
    if checkpoint.tokenizer is None:
        raise NotMeasured("the checkpoint has no tokenizer to read texts with")
    tokenizer: Any = Tokenizer.of(checkpoint)
    config = checkpoint.config
    first = [] if config.bos_id is None else [config.bos_id]
    length = min(MAX_TOKENS, config.context)
    found = [(first + tokenizer.encode(text))[:length] for text in sample_texts()]
    kept = [ids for ids in found if len(ids) >= MIN_TOKENS and max(ids) < config.vocab_size]
    if len(kept) < 2:
        raise NotMeasured("too few of the texts can be read with this tokenizer")
    return kept
