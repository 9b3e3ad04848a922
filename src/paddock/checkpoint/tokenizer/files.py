"""Finds the tokenizer among a checkpoint's files and reads it, whatever generation it is of.

Kinds are told by content, not by name. Everything becomes one ``tokenizer.json``; a folder's own
``tokenizer.json`` is taken as it is. Does not run a tokenizer.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.gguf.reading import begins_gguf, read_gguf
from paddock.checkpoint.gguf.tokenizer_reading import has_tokenizer, read_tokenizer
from paddock.checkpoint.strict_json import load_object, parse_object, read_small
from paddock.checkpoint.tokenizer.sentencepiece import (
    SentencePieceModel,
    parse_llama2c_tokenizer,
    parse_sentencepiece,
)
from paddock.checkpoint.tokenizer.tiktoken import looks_like_ranks, parse_ranks, special_tokens
from paddock.checkpoint.tokenizer.tokenizer_json import (
    SpecialNames,
    from_ranks,
    from_sentencepiece,
    sentencepiece_names,
)

TOKENIZER_JSON = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
CHAT_TEMPLATE = "chat_template.jinja"
MAX_TOKENIZER_BYTES = 32 << 20  # tokenizer.model; Llama 3's has 2 MB
MAX_VOCAB = 1 << 24
_MODEL_TYPES = ("BPE", "WordLevel", "WordPiece", "Unigram")


class TokenizerKind(StrEnum):
    """What a tokenizer is written in."""

    HUGGING_FACE = "tokenizer.json"
    SENTENCEPIECE = "sentencepiece"
    TIKTOKEN = "tiktoken"
    LLAMA2C = "llama2.c"
    GGUF = "gguf"


class TokenizerFile(NamedTuple):
    """Where a checkpoint's tokenizer is."""

    path: Path
    kind: TokenizerKind


class LoadedTokenizer(NamedTuple):
    """A tokenizer as ``tokenizers`` reads it, and what its special tokens are called."""

    tokenizer_json: dict[str, Any]
    names: SpecialNames
    scores: dict[str, float] | None = None  # of the pieces, where the file has them


def find_tokenizer(path: Path, vocab_size: int | None = None) -> TokenizerFile | None:
    """The tokenizer of a folder or of a GGUF file, which may lie beside it, or None.

    ``vocab_size`` decides between several of llama2.c's.
    """
    if not path.is_file():
        return _beside(path, vocab_size)
    if begins_gguf(path) and has_tokenizer(read_gguf(path).metadata):
        return TokenizerFile(path, TokenizerKind.GGUF)
    return _beside(path.parent, vocab_size)


def _beside(folder: Path, vocab_size: int | None) -> TokenizerFile | None:
    if (folder / TOKENIZER_JSON).is_file():
        return TokenizerFile(folder / TOKENIZER_JSON, TokenizerKind.HUGGING_FACE)
    if (folder / "tokenizer.model").is_file():
        return _identify(folder / "tokenizer.model")
    fallback = None
    for path in sorted(p for p in folder.glob("tok*.bin") if p.is_file()):
        model = _llama2c_or_none(path)
        if model and vocab_size in (None, len(model.pieces)):
            return TokenizerFile(path, TokenizerKind.LLAMA2C)
        if model and fallback is None:
            fallback = TokenizerFile(path, TokenizerKind.LLAMA2C)
    return fallback


def load_tokenizer_json(folder_or_file: Path) -> dict[str, Any]:
    """The tokenizer of a folder, or in a file, as a ``tokenizer.json`` for ``tokenizers``."""
    is_folder = folder_or_file.is_dir()
    found = find_tokenizer(folder_or_file) if is_folder else _identify(folder_or_file)
    return load_tokenizer(required(found, folder_or_file)).tokenizer_json


def required(found: TokenizerFile | None, place: Path) -> TokenizerFile:
    """What was found for the checkpoint at that place; raises BadTokenizer where nothing was."""
    if found is None:
        raise BadTokenizer(
            "no_tokenizer",
            f"{place} holds no tokenizer",
            hint="put tokenizer.json, tokenizer.model or tokenizer.bin beside the weights",
        )
    return found


def load_tokenizer(file: TokenizerFile) -> LoadedTokenizer:
    """Read and check one tokenizer file."""
    path, kind = file
    if kind is TokenizerKind.HUGGING_FACE:
        return LoadedTokenizer(_load_hugging_face(path), _names_beside(path))
    if kind is TokenizerKind.GGUF:
        return LoadedTokenizer(*read_tokenizer(read_gguf(path).metadata, path.name))
    raw = read_small(path, BadTokenizer, MAX_TOKENIZER_BYTES)
    if kind is TokenizerKind.TIKTOKEN:
        special = special_tokens(is_llama_3_0=_is_llama_3_0(path.parent))
        names = SpecialNames(special[0], special[1], None)
        return LoadedTokenizer(from_ranks(parse_ranks(raw, path.name), special), names)
    parse = parse_llama2c_tokenizer if kind is TokenizerKind.LLAMA2C else parse_sentencepiece
    model = parse(raw, path.name)
    scores = {piece.text: piece.score for piece in model.pieces}
    return LoadedTokenizer(from_sentencepiece(model), sentencepiece_names(model), scores)


def vocabulary_size(tokenizer: dict[str, Any]) -> int:
    """Number of ids that a ``tokenizer.json`` can produce: one more than the greatest."""
    vocab = tokenizer["model"]["vocab"]
    ids = range(len(vocab)) if isinstance(vocab, list) else vocab.values()
    added = (token["id"] for token in tokenizer.get("added_tokens") or [])
    return max((*ids, *added), default=-1) + 1


def tokenizer_config(names: SpecialNames, context: int) -> dict[str, Any]:
    """A ``tokenizer_config.json`` that takes ``tokenizer.json`` as it is.

    A chat template is not repeated in it: ``chat_template.jinja`` beside it is read by all.
    """
    config: dict[str, Any] = {
        "bos_token": names.bos,
        "clean_up_tokenization_spaces": False,
        "eos_token": names.eos,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": context,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": names.unk,
    }
    return {key: value for key, value in config.items() if value is not None}


def _identify(path: Path) -> TokenizerFile:
    if begins_gguf(path):
        return TokenizerFile(path, TokenizerKind.GGUF)
    raw = read_small(path, BadTokenizer)
    if raw[:1] == b"{":
        return TokenizerFile(path, TokenizerKind.HUGGING_FACE)
    if looks_like_ranks(raw[:4096]):
        return TokenizerFile(path, TokenizerKind.TIKTOKEN)
    if raw[:1] == b"\n":  # field 1 of ModelProto: the first piece
        return TokenizerFile(path, TokenizerKind.SENTENCEPIECE)
    if _llama2c_or_none(path):
        return TokenizerFile(path, TokenizerKind.LLAMA2C)
    raise BadTokenizer("unknown_tokenizer", f"{path.name} is no tokenizer that a Llama uses")


def _llama2c_or_none(path: Path) -> SentencePieceModel | None:
    try:
        return parse_llama2c_tokenizer(
            read_small(path, BadTokenizer, MAX_TOKENIZER_BYTES), path.name
        )
    except BadTokenizer:
        return None


def _load_hugging_face(path: Path) -> dict[str, Any]:
    tokenizer = parse_object(read_small(path, BadTokenizer), path.name, BadTokenizer)
    model = tokenizer.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") not in _MODEL_TYPES:
        raise BadTokenizer("unknown_model", f"{path.name} has no tokenizer model of a known type")
    vocab = model.get("vocab")
    if not isinstance(vocab, dict | list):
        raise BadTokenizer("no_vocabulary", f"{path.name} has no vocabulary")
    if isinstance(vocab, dict):
        _check_ids(list(vocab.values()), path.name)
        if len(set(vocab.values())) != len(vocab):
            raise BadTokenizer("duplicate_id", f"{path.name} gives one id to two tokens")
    added = tokenizer.get("added_tokens") or []
    if not isinstance(added, list) or not all(isinstance(token, dict) for token in added):
        raise BadTokenizer("bad_added_tokens", f"{path.name}: added_tokens must list objects")
    _check_ids([token.get("id") for token in added], path.name)
    return tokenizer


def _check_ids(ids: list[Any], where: str) -> None:
    for token_id in ids:
        if type(token_id) is not int or not 0 <= token_id < MAX_VOCAB:
            raise BadTokenizer("bad_id", f"{where} has an impossible token id")


def _names_beside(path: Path) -> SpecialNames:
    """Special tokens as ``tokenizer_config.json`` names them, plain or wrapped in an object."""
    config_path = path.parent / TOKENIZER_CONFIG
    config = load_object(config_path, BadTokenizer) if config_path.is_file() else {}

    def name(key: str) -> str | None:
        value = config.get(key)
        content = value.get("content") if isinstance(value, dict) else value
        return content if isinstance(content, str) else None

    return SpecialNames(name("bos_token"), name("eos_token"), name("unk_token"))


def _is_llama_3_0(folder: Path) -> bool:
    """Whether the model beside a rank file says that it is the first Llama 3: no RoPE scaling."""
    for name, keys in (
        ("params.json", ("use_scaled_rope",)),
        ("config.json", ("rope_scaling", "rope_parameters")),
    ):
        if (folder / name).is_file():
            values = [load_object(folder / name, BadTokenizer).get(key) for key in keys]
            return not any(_names_scaling(value) for value in values)
    return False


def _names_scaling(value: object) -> bool:
    return value.get("factor") is not None if isinstance(value, dict) else bool(value)
