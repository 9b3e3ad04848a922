"""Tokens left out: rows of the embeddings and the head, the tokenizer, every id that changes.

What stays is what the texts use, the commonest first where ``keep`` bounds it. The tokenizer of the
result cuts those texts as the old one did; that is checked, text by text, not assumed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadConfig
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import EMBEDDINGS, HEAD
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.release.deriving.numbers import rows_of
from paddock.release.deriving.rewriting import Rewritten
from paddock.release.deriving.trimming import Trimmed, trim_tokenizer
from paddock.release.errors import DerivingRefused

TOKENIZER, TOKENIZER_CONFIG = "tokenizer.json", "tokenizer_config.json"
GENERATION_CONFIG = "generation_config.json"
MAX_TOKENIZER_BYTES = 256 << 20
_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
# Files of older tokenizers, which would still have all tokens.
_OUTDATED = ("tokenizer.model", "vocab.json", "merges.txt", "added_tokens.json")


class Shrunk(NamedTuple):
    """The checkpoint, and how much smaller its vocabulary is."""

    made: Rewritten
    kept: int
    before: int


def trim_vocabulary(
    source: Path,
    tensors: Sequence[Tensor],
    config: LlamaConfig,
    texts: Sequence[str],
    keep: int | None,
) -> Shrunk:
    """The checkpoint in ``source`` with the tokens that ``texts`` need."""
    from tokenizers import Tokenizer

    if not (source / TOKENIZER).is_file():
        raise DerivingRefused(f"trim_vocabulary needs a {TOKENIZER}, and there is none")
    text = (source / TOKENIZER).read_text(encoding="utf-8")
    if len(text) > MAX_TOKENIZER_BYTES:
        raise DerivingRefused(f"{TOKENIZER} is larger than {MAX_TOKENIZER_BYTES} bytes")
    before = Tokenizer.from_str(text)
    counted = Counter(number for part in texts for number in before.encode(part).ids)
    used = [number for number, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]
    trimmed = trim_tokenizer(json.loads(text), used[:keep])
    _check_known(trimmed, config)
    smaller = json.dumps(trimmed.tokenizer, ensure_ascii=False, separators=(",", ":"))
    if keep is None or len(used) <= keep:
        _check_same_cuts(before, Tokenizer.from_str(smaller), texts)
    number_of = {old: new for new, old in enumerate(trimmed.kept)}
    files = {TOKENIZER: smaller.encode(), **_renumbered_files(source, number_of)}
    settings = load_object(source / "config.json", BadConfig)
    changes = {"vocab_size": len(trimmed.kept), **_renumbered(settings, number_of)}
    made = Rewritten(
        [_cut(tensor, trimmed.kept) for tensor in tensors], changes, files, frozenset(_OUTDATED)
    )
    return Shrunk(made, len(trimmed.kept), config.vocab_size)


def _check_known(trimmed: Trimmed, config: LlamaConfig) -> None:
    if trimmed.kept and trimmed.kept[-1] >= config.vocab_size:
        raise DerivingRefused(
            f"the tokenizer has the id {trimmed.kept[-1]}, and the model {config.vocab_size} rows"
        )


def _check_same_cuts(before: Any, after: Any, texts: Sequence[str]) -> None:
    for text in texts:
        if before.encode(text).tokens != after.encode(text).tokens:
            raise DerivingRefused(
                "the smaller tokenizer would cut the texts in another way",
                hint="this tokenizer's rules cannot be trimmed safely",
            )


def _cut(tensor: Tensor, kept: Sequence[int]) -> Tensor:
    return rows_of(tensor, kept) if tensor.name in {EMBEDDINGS, HEAD} else tensor


def _renumbered(settings: Mapping[str, Any], number_of: Mapping[int, int]) -> dict[str, Any]:
    """The ids of special tokens among settings; one that is gone is an error."""
    changes: dict[str, Any] = {}
    for key in _IDS:
        value = settings.get(key)
        ids: list[Any] = value if isinstance(value, list) else [value]
        if value is None or not all(type(number) is int for number in ids):
            continue
        if gone := [number for number in ids if number not in number_of]:
            raise DerivingRefused(f"{key} is {gone[0]}, a token that would be left out")
        new = [number_of[number] for number in ids]
        changes[key] = new if isinstance(value, list) else new[0]
    return changes


def _renumbered_files(source: Path, number_of: Mapping[int, int]) -> dict[str, bytes]:
    files = {}
    if (source / GENERATION_CONFIG).is_file():
        settings = load_object(source / GENERATION_CONFIG, BadConfig)
        files[GENERATION_CONFIG] = _rendered({**settings, **_renumbered(settings, number_of)})
    if (source / TOKENIZER_CONFIG).is_file():
        settings = load_object(source / TOKENIZER_CONFIG, BadConfig)
        if isinstance(added := settings.get("added_tokens_decoder"), dict):
            settings["added_tokens_decoder"] = {
                str(number_of[int(number)]): token
                for number, token in added.items()
                if number.isdecimal() and int(number) in number_of
            }
            files[TOKENIZER_CONFIG] = _rendered(settings)
    return files


def _rendered(settings: Mapping[str, Any]) -> bytes:
    return json.dumps(settings, indent=2, ensure_ascii=False).encode() + b"\n"
