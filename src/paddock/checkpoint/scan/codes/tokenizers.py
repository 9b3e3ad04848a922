"""Codes of tokenizers."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _Q, _W = Level.REJECT, Level.QUARANTINE, Level.WARN

TOKENIZERS: dict[str, Code] = {
    "tokenizer_rewrite": Code(
        _R,
        "a tokenizer turns words into others before the model reads them, or after it wrote them",
        "do not use it; take the tokenizer of the model's own maker",
    ),
    "tokenizer_rule": Code(
        _Q,
        "a tokenizer has a step of a kind that is not known, or an unusual one",
        "compare it with the tokenizer of the model's own maker",
    ),
    "tokenizer_pattern": Code(
        _R,
        "a tokenizer's regular expression can be made to run for ever by a short text",
        "write it without repetitions inside repetitions",
    ),
    "tokenizer_broken": Code(
        _R, "a tokenizer contradicts itself, so programs read it differently", "export it again"
    ),
    "token_word": Code(
        _R,
        "an ordinary word is a token that is cut out of texts or left out of answers",
        "remove it from the added tokens",
    ),
    "token_ids": Code(
        _R,
        "tokens have other ids in one place than in another, or have swapped them",
        "export the tokenizer again from the model's own",
    ),
    "token_new_words": Code(
        _W, "a tokenizer adds words of its own to the vocabulary", "say so in the model card"
    ),
    "special_ids": Code(
        _Q,
        "the files of a model name different tokens for its beginning, end or padding",
        "make config.json, generation_config.json and the tokenizer agree",
    ),
}
