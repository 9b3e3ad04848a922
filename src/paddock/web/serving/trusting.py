"""Whose releases are run: what the operator trusts at the moment a model is loaded.

Read anew each time, since keys come and go. The starter is run only as this machine signed it, and
whatever else is pushed to its repository is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from paddock.config import Settings
from paddock.serve.models.verifying import Rules
from paddock.signing.keys import load_trust, own_key_path


@dataclass(frozen=True, slots=True)
class Trusting:
    """What is checked before a model is loaded; ``starter`` is its full name in lower case."""

    settings: Settings
    starter: str | None = None

    def rules(self, full_name: str = "") -> Rules:
        """Those for a repository; raises what is wrong with the settings and the keys.

        What was seen before says nothing here: the hub has every version, and old ones are asked
        for.
        """
        rules = replace(Rules.of(self.settings), memory=None)
        return self._own(rules) if full_name.lower() == self.starter else rules

    def _own(self, rules: Rules) -> Rules:
        """Releases by this machine's own key alone, as long as the operator trusts it."""
        home = self.settings.config_home
        public = own_key_path(home).with_suffix(".pub.pem")
        own = {key.fingerprint for key in (load_trust(public, home) if public.exists() else ())}
        keys = tuple(key for key in rules.trusted.keys if key.fingerprint in own)
        trust = replace(rules.trusted, keys=keys, roots=(), keyless=None)
        return replace(rules, trust=trust, demand="always")
