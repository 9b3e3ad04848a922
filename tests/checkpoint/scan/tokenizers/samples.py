"""A small byte-level tokenizer, to be changed in one place at a time."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def added(number: int, content: str, *, special: bool = True) -> Json:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": number, "content": content, "special": special, **flags}


def tokenizer(**changed: Any) -> Json:
    """A whole ``tokenizer.json``; keywords replace its parts."""
    words = ["<s>", "</s>", *"abcdefghijklmnopqrstuvwxyz", "Ġ", "th", "the", "no", "yes", "Ġno"]
    model = {
        "type": "BPE",
        "vocab": {word: number for number, word in enumerate(words)},
        "merges": ["t h", "th e", "n o", "Ġ no"],
    }
    return {
        "version": "1.0",
        "added_tokens": [added(0, "<s>"), added(1, "</s>")],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
        "post_processor": None,
        "decoder": {"type": "ByteLevel"},
        "model": model,
    } | changed


def with_model(**changed: Any) -> Json:
    """The same with parts of its model replaced."""
    whole = tokenizer()
    return whole | {"model": whole["model"] | changed}
