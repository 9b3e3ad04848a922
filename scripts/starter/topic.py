"""The form of a topic: ways to ask one thing and ways to answer it."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """Ways to ask one thing and ways to answer it; patterns are those of ``phrases.say``."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    weight: float = 1.0


HELP = "{Is there anything else I can help you with?|Can I help with anything else?|||}"
