"""The files of one model about its tokens: whether they say the same.

``tokenizer.json`` is the measure. Its special tokens must be those that the configurations name by
id, and other tokenizer files of the folder must not have swapped a few of its tokens. Numberings
that differ throughout (as fairseq's do from SentencePiece's) are another matter and no reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.scan.documents import gguf_of, object_of
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.tokenizers.reading import MAX_MODEL_BYTES, is_tokenizer_json
from paddock.checkpoint.scan.tokenizers.tokens import is_id, vocabulary_of
from paddock.checkpoint.tokenizer.sentencepiece import parse_sentencepiece
from paddock.errors import shown

Json = dict[str, Any]
ROLES = ("bos", "eos", "pad")
MAX_SWAPPED = 64  # more tokens that differ are another numbering, not a few swapped ones
_MIN_SAME = 0.9


class Said(NamedTuple):
    """What one file says a token's ids are."""

    place: str
    ids: frozenset[int]


def check_agreement(looks: Sequence[Look]) -> Iterator[Reason]:
    """Compare what the files of each folder say about its tokens."""
    for files in by_folder(looks).values():
        yield from _check_folder(files)


def by_folder(looks: Sequence[Look]) -> dict[str, dict[str, Look]]:
    """The files of each folder by name; archives are folders here."""
    folders: dict[str, dict[str, Look]] = {}
    for look in looks:
        path = PurePosixPath(look.name.replace("!", "/"))
        folders.setdefault(path.parent.as_posix(), {})[path.name] = look
    return folders


def _check_folder(files: dict[str, Look]) -> Iterator[Reason]:
    look = files.get("tokenizer.json")
    tokenizer = object_of(look) if look else {}
    ids = token_ids(tokenizer) if is_tokenizer_json(tokenizer) else {}
    if look and ids:
        for other in files.values():
            yield from _differences(other, ids, look)
    named = files.get("tokenizer_config.json") or files.get("special_tokens_map.json")
    settings = object_of(named) if named else {}
    if named and settings and ids:
        yield from _check_decoder(named, settings, ids)
    for role in ROLES:
        said = list(_who_says(role, files, settings, ids, named))
        yield from _contradictions(role, said)


def token_ids(tokenizer: Json) -> dict[str, int]:
    """Text to id of a ``tokenizer.json``, added tokens included."""
    vocab, _ = vocabulary_of(tokenizer.get("model") or {})
    added = tokenizer.get("added_tokens")
    tokens = added if isinstance(added, list) else []
    ids = dict(vocab)
    for token in (each for each in tokens if isinstance(each, dict)):
        text, number = token.get("content"), token.get("id")
        if isinstance(text, str) and isinstance(number, int) and is_id(number):
            ids[text] = number
    return ids


def _who_says(
    role: str, files: dict[str, Look], settings: Json, ids: dict[str, int], named: Look | None
) -> Iterator[Said]:
    text = settings.get(f"{role}_token")
    text = text.get("content") if isinstance(text, dict) else text
    if named and isinstance(text, str) and text in ids:
        yield Said(named.name, frozenset((ids[text],)))
    for name in ("config.json", "generation_config.json"):
        if name in files:
            said = _ids(object_of(files[name]).get(f"{role}_token_id"))
            if said:
                yield Said(files[name].name, said)
    for look in files.values():
        gguf = gguf_of(look)
        value = gguf.metadata.get(f"tokenizer.ggml.{role}_token_id") if gguf else None
        if value and isinstance(value.item, int):
            yield Said(look.name, frozenset((value.item,)))


def _contradictions(role: str, said: list[Said]) -> Iterator[Reason]:
    """Each must share an id with every other: a file may list more ends than another."""
    for number, one in enumerate(said):
        for other in said[number + 1 :]:
            if not one.ids & other.ids:
                yield Reason(
                    "special_ids",
                    one.place,
                    f"{role} is token {_listed(one.ids)} in {one.place}, "
                    f"{_listed(other.ids)} in {other.place}",
                )
                return


def _check_decoder(named: Look, settings: Json, ids: dict[str, int]) -> Iterator[Reason]:
    decoder = settings.get("added_tokens_decoder")
    for number, token in decoder.items() if isinstance(decoder, dict) else ():
        text = token.get("content") if isinstance(token, dict) else None
        if isinstance(text, str) and text in ids and str(ids[text]) != number:
            message = f"{shown(text)} is token {shown(number)} here, {ids[text]} in tokenizer.json"
            yield Reason("token_ids", named.name, message)
            return


def _differences(look: Look, ids: dict[str, int], measure: Look) -> Iterator[Reason]:
    other = _other_ids(look)
    shared = [text for text in other if text in ids]
    wrong = [text for text in shared if other[text] != ids[text]]
    if wrong and len(wrong) <= MAX_SWAPPED and len(wrong) <= (1 - _MIN_SAME) * len(shared):
        text = wrong[0]
        message = f"{shown(text)} is token {other[text]} here, {ids[text]} in {measure.name}"
        yield Reason("token_ids", look.name, message)


def _other_ids(look: Look) -> dict[str, int]:
    """Text to id of another tokenizer file; empty for everything else."""
    name = look.basename
    if name in ("vocab.json", "added_tokens.json"):
        return {text: number for text, number in object_of(look).items() if is_id(number)}
    if look.kind is Kind.SENTENCEPIECE:
        try:
            pieces = parse_sentencepiece(look.read(0, MAX_MODEL_BYTES), name).pieces
        except BadTokenizer:
            return {}
        return {piece.text: number for number, piece in enumerate(pieces)}
    gguf = gguf_of(look)
    tokens = gguf.metadata.get("tokenizer.ggml.tokens") if gguf else None
    if tokens and isinstance(tokens.item, tuple):
        return {text: number for number, text in enumerate(tokens.item)}
    return {}


def _ids(value: Any) -> frozenset[int]:
    values = value if isinstance(value, list) else [value]
    return frozenset(each for each in values if is_id(each))


def _listed(ids: frozenset[int]) -> str:
    return " or ".join(map(str, sorted(ids)[:4]))
