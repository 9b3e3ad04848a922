"""How a model card spells the licence that a release file names by SPDX or in a lab's own words.

No licence text is read and no duty is worked out here.
"""

from __future__ import annotations

from typing import NamedTuple

from paddock.licences import is_licence

_ALIASES = {
    "licenseref-scancode-llama-2-license-2023": "llama2",
    "licenseref-scancode-llama-3.1-license-2024": "llama3.1",
    "licenseref-scancode-llama-3.2-license-2024": "llama3.2",
    "licenseref-scancode-llama-3.3-license-2024": "llama3.3",
    "licenseref-scancode-llama-4-license-2025": "llama4",
    "licenseref-scancode-gemma-tou-2024-04-01": "gemma",
    "licenseref-scancode-openmdw-1.0": "openmdw-1.0",
    "gpl-3.0-only": "gpl-3.0",
    "gpl-3.0-or-later": "gpl-3.0",
    "agpl-3.0-only": "agpl-3.0",
    "agpl-3.0-or-later": "agpl-3.0",
    "odc-by-1.0": "odc-by",
    "odbl-1.0": "odbl",
}


class CardLicence(NamedTuple):
    """A licence as the Hub's card fields spell it."""

    license: str
    license_name: str | None


def card_licence(distribution: str) -> CardLicence:
    """The Hub's id, or ``other`` with the name as it was written."""
    lowered = distribution.strip().lower()
    hub_id = _ALIASES.get(lowered, lowered)
    if is_licence(hub_id):
        return CardLicence(hub_id, None)
    return CardLicence("other", distribution.strip())


def is_unknown(distribution: str) -> bool:
    """Whether nothing is known about the terms."""
    return distribution.strip().lower() in {"", "unknown", "none", "noassertion"}
