"""Names of licences: SPDX or a lab's own, and how the Hub's model cards spell them.

A table and two functions; no licence text is read and no duty is worked out here.
"""

from __future__ import annotations

from typing import NamedTuple

# Identifiers that the Hub's cards know (its ``license`` field), besides SPDX ids in lower case.
_HUB_IDS = frozenset((
    "apache-2.0", "mit", "openrail", "openrail++", "bigscience-openrail-m",
    "creativeml-openrail-m", "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "afl-3.0",
    "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear",
    "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0",
    "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0",
    "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl",
    "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "isc", "h-research", "intel-research",
    "lppl-1.3c", "ms-pl", "apple-ascl", "mpl-2.0", "odc-by", "odbl", "openmdw-1.0", "openmdw-1.1",
    "ofl-1.1", "osl-3.0", "postgresql", "ncsa", "unlicense", "zlib", "pddl", "lgpl-lr",
    "deepfloyd-if-license", "fair-noncommercial-research-license", "llama2", "llama3", "llama3.1",
    "llama3.2", "llama3.3", "llama4", "grok2-community", "gemma", "unknown", "other",
))  # fmt: skip
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


class CardLicense(NamedTuple):
    """A licence as the Hub's card fields spell it."""

    license: str
    license_name: str | None


def card_license(distribution: str) -> CardLicense:
    """The Hub's id, or ``other`` with the name as it was written."""
    lowered = distribution.strip().lower()
    hub_id = _ALIASES.get(lowered, lowered)
    if hub_id in _HUB_IDS:
        return CardLicense(hub_id, None)
    return CardLicense("other", distribution.strip())


def is_unknown(distribution: str) -> bool:
    """Whether nothing is known about the terms."""
    return distribution.strip().lower() in {"", "unknown", "none", "noassertion"}
