"""``lifecycle``: what the producer promises for the time after the release."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paddock.release.spec.section import Count, Day, Many, Section, Sha256, Text

RevocationReason = Literal["key_compromise", "unsafe", "rights", "privacy"]


class Lifecycle(Section):
    """What the producer promises."""

    support_until: Day | None = Field(None, description="Until when flaws are mended.")
    incident_sla_hours: Count | None = Field(None, description="How soon reports are answered.")
    revocation: Many[RevocationReason] = Field(
        (), description="What the release would be revoked for."
    )
    previous: Sha256 | None = Field(
        None,
        description="The SHA-256 of the release.json of metadata.supersedes: every build compares "
        "with that one, or is refused.",
    )
    advisories: Text | None = Field(None, description="Where advisories are announced.")
