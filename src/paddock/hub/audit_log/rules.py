"""How long the audit log keeps what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogRules:
    """In days, as the settings say."""

    address_days: int = 30  # addresses; and names of those who deleted their account
    days: int = 0  # whole entries; 0: for good
