"""How byte-level BPE first cuts a text into words: GGUF's names, and ``tokenizer.json``'s steps.

GGUF names a cut (``tokenizer.ggml.pre``), ``tokenizer.json`` spells it out. A table of those that
models of Llama's structure use (llama-vocab.cpp, llm_tokenizer_bpe), each of which both sides run
alike; a cut that is not in it is refused, since another one would give other tokens.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from paddock.checkpoint.tokenizer.tiktoken import SPLIT_PATTERN

Json = dict[str, Any]


class PreTokenizer(NamedTuple):
    """One way to cut: its steps, and whether a whole word that is a token is left whole."""

    name: str
    steps: tuple[Json, ...]
    ignores_merges: bool = False
    adds_bos: bool = False  # what llama.cpp does where the file does not say
    aliases: tuple[str, ...] = ()


def _split(pattern: str) -> Json:
    return {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "Isolated",
        "invert": False,
    }


def _byte_level(*, cuts: bool) -> Json:
    return {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": cuts,
    }


_QWEN2_PATTERN = SPLIT_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")
_GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
_LLAMA_3 = (_split(SPLIT_PATTERN), _byte_level(cuts=False))

PRE_TOKENIZERS = (
    PreTokenizer(
        "llama-bpe",
        _LLAMA_3,
        ignores_merges=True,
        adds_bos=True,
        aliases=("llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"),
    ),
    PreTokenizer("smaug-bpe", _LLAMA_3, aliases=("dbrx",)),
    PreTokenizer(
        "gpt-2", (_byte_level(cuts=True),), aliases=("phi-2", "gigachat", "exaone4", "mellum")
    ),
    PreTokenizer(
        "qwen2",
        (_split(_QWEN2_PATTERN), _byte_level(cuts=False)),
        aliases=("deepseek-r1-qwen", "megrez", "stablelm2"),
    ),
    PreTokenizer("smollm", ({"type": "Digits", "individual_digits": True}, _byte_level(cuts=True))),
    # Files from before cuts had names: llama.cpp warns of them and cuts like this.
    PreTokenizer(
        "default",
        (
            _split(r"[\p{P}\$\+<=>\^~\|]+"),
            _split(_GPT2_PATTERN),
            _split(r"\p{N}+"),
            _split("[0-9][0-9][0-9]"),
            _byte_level(cuts=False),
        ),
    ),
)


def named_pre_tokenizer(name: str | None) -> PreTokenizer | None:
    """The cut that GGUF calls by this name; no name means ``default``."""
    name = name or "default"
    return next((pre for pre in PRE_TOKENIZERS if name == pre.name or name in pre.aliases), None)


def recognised_pre_tokenizer(steps: object, *, ignores_merges: bool) -> PreTokenizer | None:
    """The cut whose steps ``tokenizer.json`` spells out, None for one without a name."""
    flat = _flat(steps)
    return next(
        (
            pre
            for pre in PRE_TOKENIZERS
            if list(pre.steps) == flat and pre.ignores_merges == ignores_merges
        ),
        None,
    )


def _flat(step: object) -> list[Json]:
    """The steps one after the other, with the fields that matter."""
    if not isinstance(step, dict):
        return []
    inner = step.get("pretokenizers")
    if step.get("type") == "Sequence" and isinstance(inner, list):
        return [each for one in inner for each in _flat(one)]
    if step.get("type") == "ByteLevel":
        return [{"use_regex": True} | step | {"trim_offsets": True}]
    # Keeping what a pattern matches and removing what it does not are the same cut.
    if step.get("type") == "Split" and (step.get("behavior"), step.get("invert")) == (
        "Removed",
        True,
    ):
        return [step | {"behavior": "Isolated", "invert": False}]
    return [step]
