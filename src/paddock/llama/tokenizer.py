"""Text to token ids and back.

Knows which ids are control tokens, and that text from a person never becomes one. Does not know
what a conversation is (``chat``) or where the files are (``paddock.checkpoint`` turns every
generation's tokenizer into one form). Adding the beginning-of-text token is the caller's choice,
never the tokenizer file's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.opening import Checkpoint
from paddock.checkpoint.tokenizer.files import load_tokenizer, load_tokenizer_json, required
from paddock.checkpoint.tokenizer.growth import check_growth
from paddock.errors import BadInput

# A character has at most four bytes, so at most four tokens; more that do not end in a whole
# character are garbage, and waiting longer would cost time that grows with the square.
MAX_HELD_TOKENS = 8
# Beyond that, other threads go on while the library works; below, asking for it costs more.
LONG_TEXT_CHARS = 4096
_BROKEN = "\N{REPLACEMENT CHARACTER}"


class ControlTokenInText(BadInput):
    """Plain text came out of the tokenizer as a control token."""

    code = "control_token_in_text"


class TextNotRead(BadInput):
    """The tokenizer gives up on a text, as an expression of its file takes too long on it."""

    code = "text_not_read"


class Tokenizer:
    """A tokenizer of any Llama generation."""

    def __init__(self, tokenizer_json: dict[str, Any]) -> None:
        check_growth(tokenizer_json)
        self._source = json.dumps(tokenizer_json, ensure_ascii=False)
        self._plain = _built(self._source)
        self._plain.encode_special_tokens = True  # "control tokens too are just characters"
        added = self._plain.get_added_tokens_decoder()
        unknown = tokenizer_json["model"].get("unk_token")  # stands for text, controls nothing
        self._added = frozenset(added)
        self._is_byte_level = "ByteLevel" in json.dumps(tokenizer_json.get("decoder"))
        self.control_ids = frozenset(
            i for i, token in added.items() if token.special and token.content != unknown
        )

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """The tokenizer of a checkpoint folder, or in one file."""
        return cls(load_tokenizer_json(path))

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Tokenizer:
        """The tokenizer that belongs to a checkpoint; raises BadTokenizer where none does."""
        found = required(checkpoint.tokenizer, checkpoint.folder)
        return cls(load_tokenizer(found).tokenizer_json)

    @cached_property
    def _with_control(self) -> tokenizers.Tokenizer:
        return _built(self._source)

    @property
    def source(self) -> str:
        """The ``tokenizer.json`` that it was built from."""
        return self._source

    @property
    def vocab_size(self) -> int:
        """Number of tokens, control tokens included."""
        return self._plain.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str, *, control_tokens: bool = False) -> list[int]:
        """Token ids of ``text`` alone.

        Only with ``control_tokens`` does ``<|eot_id|>`` in the text mean that token: for text that
        a template wrote, never for what somebody typed.
        """
        text = whole_characters(text)
        if control_tokens:
            return _encoded(self._with_control, text)
        ids = _encoded(self._plain, text)
        found = self.control_ids.intersection(ids)
        if found:  # a tokenizer file whose ordinary merges spell a control token
            raise ControlTokenInText(
                f"the text encodes to the control token {self.piece(min(found))!r}",
                hint="the tokenizer file is unsafe; use the one the model was published with",
            )
        return ids

    @cached_property
    def longest_piece(self) -> int:
        """Characters of a text that one token can stand for, at most."""
        return max(map(len, self._plain.get_vocab(with_added_tokens=True)), default=1)

    def spelled(self, token_id: int) -> bytes:
        """The bytes that a token stands for, which may be a part of a character."""
        piece = self.piece(token_id)
        if piece is None:
            return b""
        if token_id in self._added:
            return piece.encode("utf-8", "replace")
        if self._is_byte_level:
            # What is no such alphabet's letter stands for itself, as the library has it.
            if all(letter in _BYTES for letter in piece):
                return bytes(_BYTES[letter] for letter in piece)
            return piece.encode("utf-8", "replace")
        if _BYTE_PIECE.fullmatch(piece):
            return bytes.fromhex(piece[3:-1])
        return piece.replace("\N{LOWER ONE EIGHTH BLOCK}", " ").encode("utf-8", "replace")

    def decode(self, ids: Sequence[int], *, control_tokens: bool = False) -> str:
        """The text of token ids; control tokens are left out unless asked for."""
        return self._plain.decode(list(ids), skip_special_tokens=not control_tokens)

    def piece(self, token_id: int) -> str | None:
        """The tokenizer's own spelling of one token, None when it has no such token."""
        return self._plain.id_to_token(token_id)

    def id_of(self, piece: str) -> int | None:
        """The id of a token by its own spelling, such as ``<|eot_id|>``."""
        return self._plain.token_to_id(piece)


class StreamDecoder:
    """Decodes tokens as they come, without ever cutting a character in two.

    The pieces that ``feed`` and ``finish`` return add up to what the tokens decode to after the
    context, which is the prompt that they continue.
    """

    def __init__(self, tokenizer: Tokenizer, context: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        # What stands before decides what a tokenizer does with the space between two words.
        self._ids = list(context)
        self._told = tokenizer.decode(self._ids)
        self._held = 0

    def feed(self, token_id: int) -> str:
        """The text that is certain now; empty while a character is incomplete."""
        self._ids.append(token_id)
        self._held += 1
        text = self._tokenizer.decode(self._ids)
        if text.endswith(_BROKEN) and self._held < MAX_HELD_TOKENS:
            return ""
        return self._tell(text)

    def finish(self) -> str:
        """What was held back; a character that stays incomplete becomes U+FFFD."""
        return self._tell(self._tokenizer.decode(self._ids)) if self._held else ""

    def _tell(self, text: str) -> str:
        new = text[len(self._told) :]
        if new:
            # The tokens just told begin and end between characters, and are context enough. Decoded
            # alone they may lose a leading space, here and next time alike.
            self._ids = self._ids[-self._held :]
            self._told = self._tokenizer.decode(self._ids)
        self._held = 0
        return new


def whole_characters(text: str) -> str:
    """The text with lone surrogates, which no UTF-8 can spell, as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def encode_prompt(tokenizer: Tokenizer, text: str, bos_id: int | None) -> list[int]:
    """A raw prompt: the beginning-of-text token, where the model has one, then the text."""
    ids = tokenizer.encode(text)
    return ids if bos_id is None else [bos_id, *ids]


def _encoded(tokenizer: tokenizers.Tokenizer, text: str) -> list[int]:
    try:
        if len(text) <= LONG_TEXT_CHARS:
            return list(tokenizer.encode(text, add_special_tokens=False).ids)
        return list(tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids)
    except BaseException as e:
        # The library raises bare Exception; what its Rust code gives up on is no Exception even.
        if isinstance(e, Exception) or type(e).__name__ == "PanicException":
            raise TextNotRead(
                "the model's tokenizer gives up on this text", hint="break its longest runs up"
            ) from e
        raise


def _byte_alphabet() -> dict[str, int]:
    """The letters that byte-level tokenizers write bytes in: printable Latin-1 as it is, the
    others, in order, from U+0100 on.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(0x100) if byte not in plain)
    return {chr(byte): byte for byte in plain} | {
        chr(0x100 + at): byte for at, byte in enumerate(others)
    }


_BYTES = _byte_alphabet()
_BYTE_PIECE = re.compile("<0x[0-9A-F]{2}>")


def _built(source: str) -> tokenizers.Tokenizer:
    try:
        return tokenizers.Tokenizer.from_str(source)
    except Exception as e:  # the library raises bare Exception for every malformed file
        raise BadTokenizer("malformed", f"the tokenizer cannot be built: {e}") from e
