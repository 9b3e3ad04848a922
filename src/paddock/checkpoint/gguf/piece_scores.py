"""Scores of SentencePiece's pieces, from the merges that ``tokenizer.json`` has instead.

SentencePiece merges the adjacent pair whose piece has the best score, whatever the pair;
``tokenizers`` merges the pair that comes first in a list. They do the same when the list holds
every pair of every piece, piece after piece; then the order of the pieces is the order of scores.
A list that is otherwise has no scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paddock.checkpoint.gguf.spaces import not_in_gguf
from paddock.checkpoint.tokenizer.sentencepiece import MAX_PIECE_CHARS
from paddock.checkpoint.tokenizer.tokenizer_json import MAX_VOCABULARY_CHARS
from paddock.errors import shown


def piece_scores(pieces: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> dict[str, float]:
    """A score for every piece: 0 for the first merged, -1 for the next, single characters last."""
    _check_size(pieces)
    listed = [pair for pair in merges if _is_of(pieces, pair)]
    order = _in_order(listed)
    missing = _pairs_of(pieces) - set(listed)
    if missing:
        left, right = min(missing)
        raise not_in_gguf(
            f"{shown(left + right)} is a token, but {shown(left)} and {shown(right)} do not "
            "merge to it"
        )
    never_merged = sorted(pieces.keys() - order.keys(), key=pieces.__getitem__)
    return {piece: 0.0 - rank for rank, piece in enumerate([*order, *never_merged])}


def _check_size(pieces: Mapping[str, int]) -> None:
    """Every cut of every piece is looked at, so long ones cost their square."""
    chars = sum(map(len, pieces))
    if chars > MAX_VOCABULARY_CHARS or max(map(len, pieces), default=0) > MAX_PIECE_CHARS:
        raise not_in_gguf(f"its pieces have {chars} characters, or one over {MAX_PIECE_CHARS}")


def _is_of(pieces: Mapping[str, int], pair: tuple[str, str]) -> bool:
    left, right = pair
    return left in pieces and right in pieces and left + right in pieces


def _in_order(merges: Sequence[tuple[str, str]]) -> dict[str, None]:
    """The merged pieces in the order of their merges, which must stand together."""
    order: dict[str, None] = {}
    before = None
    for left, right in merges:
        piece = left + right
        if piece != before and piece in order:
            raise not_in_gguf(
                f"merges to {shown(piece)} stand apart, so that no score gives their order"
            )
        order[piece] = None
        before = piece
    return order


def _pairs_of(pieces: Mapping[str, int]) -> set[tuple[str, str]]:
    return {
        (piece[:cut], piece[cut:])
        for piece in pieces
        for cut in range(1, len(piece))
        if piece[:cut] in pieces and piece[cut:] in pieces
    }
