"""Small machinery for text with choices in it: ``{a|b|c}`` picks one, and it nests.

Every choice comes from the ``random.Random`` that is passed in, so a seed fixes the text.
"""

from __future__ import annotations

import random
import re

_INNERMOST = re.compile(r"\{([^{}]*)\}")


def say(rng: random.Random, pattern: str, **slots: str) -> str:
    """One reading of ``pattern``; ``<name>`` is replaced by the slot of that name."""
    while found := _INNERMOST.search(pattern):
        choice = rng.choice(found.group(1).split("|"))
        pattern = pattern[: found.start()] + choice + pattern[found.end() :]
    for name, value in slots.items():
        pattern = pattern.replace(f"<{name}>", value)
    return capitalised(re.sub(r" +", " ", pattern).strip())


def capitalised(text: str) -> str:
    """First letter of the text in upper case."""
    return text[:1].upper() + text[1:]


def listed(words: tuple[str, ...], last: str = "and") -> str:
    """``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def as_typed(rng: random.Random, question: str) -> str:
    """What a hurried customer makes of a question: lower case, no mark, a slip of the finger."""
    if rng.random() < 0.3:
        question = question.lower()
    if rng.random() < 0.25:
        question = question.rstrip("?.!")
    if rng.random() < 0.12:
        question = _slip(rng, question)
    return question


def _slip(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) - 1)
    if not text[at : at + 2].isalpha():
        return text
    swapped = text[at + 1] + text[at]
    return rng.choice([text[:at] + text[at + 1 :], text[:at] + swapped + text[at + 2 :]])
