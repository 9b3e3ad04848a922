"""A policy as its author wants it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# The hazards of MLCommons' taxonomy, in the numbers and words that Llama Guard 3 is trained with.
HAZARDS: Final[Mapping[str, str]] = {
    "S1": "Violent Crimes",
    "S2": "Non-Violent Crimes",
    "S3": "Sex Crimes",
    "S4": "Child Exploitation",
    "S5": "Defamation",
    "S6": "Specialized Advice",
    "S7": "Privacy",
    "S8": "Intellectual Property",
    "S9": "Indiscriminate Weapons",
    "S10": "Hate",
    "S11": "Self-Harm",
    "S12": "Sexual Content",
    "S13": "Elections",
    "S14": "Code Interpreter Abuse",
}
UNNAMED: Final = "unsafe"  # the category of a judge that names none


class Stage(StrEnum):
    """When a policy looks."""

    BEFORE = "before"  # at the prompt
    AFTER = "after"  # at the answer


class Action(StrEnum):
    """What follows; the strongest of several counts."""

    LOG = "log"  # shadow mode: told, and nothing else
    REDACT = "redact"
    BLOCK = "block"


BOTH: Final = frozenset(Stage)


@dataclass(frozen=True, slots=True)
class Category:
    """A hazard: from which score on a judge's word counts, and what a refusal says."""

    id: str
    description: str
    threshold: float | None = None  # None: the judge's own
    refusal: str | None = None  # None: the policy's


@dataclass(frozen=True, slots=True)
class Rule:
    """Words, phrases and patterns of one category."""

    id: str
    category: str
    phrases: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()  # phrases inside which nothing of this rule counts
    patterns: tuple[str, ...] = ()
    stages: frozenset[Stage] = BOTH
    action: Action = Action.BLOCK
    replacement: str = "[removed]"


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A classifier: exactly one of ``plugin``, ``url`` and ``llama_guard`` says which."""

    id: str
    plugin: str | None = None  # an entry point of the group paddock.guards
    url: str | None = None  # of OpenAI's moderation shape
    llama_guard: str | None = None  # MODEL
    model: str | None = None  # what the endpoint is asked for
    key_env: str | None = None  # the environment's variable that holds its key
    names: Mapping[str, str] | None = None  # the judge's categories to the policy's
    threshold: float = 0.5
    stages: frozenset[Stage] = BOTH
    action: Action = Action.BLOCK
    tells_categories: bool = False  # a guard model is asked which
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that a policy.yaml says, and the digest of its bytes."""

    digest: str
    categories: Mapping[str, Category]
    rules: tuple[Rule, ...] = ()
    judges: tuple[JudgeSpec, ...] = ()
    open_stages: frozenset[Stage] = frozenset()  # where a judge that fails lets through
    refusal: str = ""
    window_chars: int = 400  # of an answer, that judges look at once

    def refusal_of(self, category: str) -> str:
        """What a client reads where something of the category is refused."""
        known = self.categories.get(category)
        return (known.refusal if known else None) or self.refusal

    def threshold_of(self, category: str, judge: JudgeSpec) -> float:
        """From which score on the judge's word counts."""
        known = self.categories.get(category)
        return judge.threshold if known is None or known.threshold is None else known.threshold
