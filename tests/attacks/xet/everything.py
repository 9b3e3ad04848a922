"""All kinds, in the order of the package's table of contents."""

from __future__ import annotations

from tests.attacks.xet import (
    file_claims,
    frames,
    payloads,
    shard_layout,
    whole_xorbs,
    xorb_claims,
)
from tests.attacks.xet.case import Case


def cases() -> list[Case]:
    """Every kind of hostile message."""
    families = (frames, payloads, whole_xorbs, shard_layout, file_claims, xorb_claims)
    return [case for family in families for case in family.cases()]
