"""How a model card spells the licence that a release file names by SPDX or in a lab's own words.

No licence text is read and no duty is worked out here.
"""

from __future__ import annotations

from typing import NamedTuple

from paddock.licences import is_licence
from paddock.release.licences.table import known_licences

# Of licences without a row, and of those whose row has more than one spelling on the Hub.
_ALIASES = {
    "agpl-3.0-only": "agpl-3.0",
    "agpl-3.0-or-later": "agpl-3.0",
    "lgpl-2.1-only": "lgpl-2.1",
    "lgpl-2.1-or-later": "lgpl-2.1",
    "lgpl-3.0-only": "lgpl-3.0",
    "lgpl-3.0-or-later": "lgpl-3.0",
}


class CardLicence(NamedTuple):
    """A licence as the Hub's card fields spell it."""

    license: str
    license_name: str | None


def card_licence(distribution: str) -> CardLicence:
    """The Hub's id, or ``other`` with the name as it was written."""
    lowered = distribution.strip().lower()
    hub_id = _ALIASES.get(lowered, lowered)
    if not is_licence(hub_id):
        row = known_licences().find(lowered)
        hub_id = row.hub_id if row is not None and row.hub_id is not None else hub_id
    if is_licence(hub_id):
        return CardLicence(hub_id, None)
    return CardLicence("other", distribution.strip())


def is_unknown(distribution: str) -> bool:
    """Whether nothing is known about the terms."""
    return distribution.strip().lower() in {"", "unknown", "none", "noassertion"}
