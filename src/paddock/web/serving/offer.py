"""Which models a hub serves: what its setting ``serve_models`` says. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

STARTER: Final = "starter"  # stands for the model that `paddock up` released
ALL: Final = "*"


class Offer(NamedTuple):
    """Full names of repositories, in lower case."""

    setting: str  # as it was written
    names: frozenset[str] | None  # None: all
    starter: str | None = None  # of these, the one that is served only as this machine signed it

    @property
    def is_asked_for(self) -> bool:
        """Whether the operator named a model; the starter is one that nobody named."""
        return self.names is None or bool(self.names - {self.starter})

    def has(self, full_name: str) -> bool:
        """Whether the repository is among them."""
        return self.names is None or full_name.lower() in self.names

    def with_name(self, full_name: str) -> str:
        """The setting with which this one would be, too."""
        return ", ".join([*_words(self.setting), full_name])


def offer_of(setting: str, starter: str | None) -> Offer:
    """What the setting says; ``starter`` is the full name of what `paddock up` released."""
    words = {word.lower() for word in _words(setting)}
    if ALL in words:
        return Offer(setting, None)
    named = words - {STARTER}
    own = starter.lower() if starter and STARTER in words else None
    if own is None or own in named:
        return Offer(setting, frozenset(named))
    return Offer(setting, frozenset({*named, own}), own)


def _words(setting: str) -> list[str]:
    return [word.strip() for word in setting.split(",") if word.strip()]
