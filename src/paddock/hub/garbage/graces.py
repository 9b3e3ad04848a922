"""How long the sweep keeps what nothing refers to, by kind.

Values only. Each is longer than anything honest takes between bringing something and referring to
it; the deadline of a sweep is now less the grace.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

FOREVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Graces:
    """Time since the sweep first found a thing unused, before it is removed."""

    # Git objects that no ref leads to any more. Downloads are pinned to commits, so they stay until
    # an administrator says after how long they may go.
    unreachable: timedelta = FOREVER
    # Large files that were uploaded and are in no commit: uploads of folders may take days.
    uncommitted: timedelta = timedelta(days=7)
    # Clients remember for three weeks which chunks the server holds, and fail if it does not.
    xorbs: timedelta = timedelta(days=28)
    # Stored bytes that no row names: between storing a blob and naming it lies one request.
    blobs: timedelta = timedelta(days=1)

    @classmethod
    def all(cls, grace: timedelta) -> Graces:
        """The same for every kind."""
        return cls(grace, grace, grace, grace)


# A blob's removal is remembered so long for an upload that found it there just before.
REMEMBERED = timedelta(hours=2)
