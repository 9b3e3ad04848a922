"""Where else a key signed: the other models of this hub that a reader may see.

A key that signed others here before is no proof of who holds it; one that never did, on a model
whose namespace always signs with another, is worth a question.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.releases.tables import release_keys
from paddock.hub.tables import repositories
from paddock.hub.types import Caller, Repository

MAX_NAMED = 20
_LOOKED_AT = 500


def also_signed(
    conn: sa.Connection, caller: Caller, repo: Repository, fingerprints: Iterable[str]
) -> dict[str, list[str]]:
    """By fingerprint, names of other repositories whose release at main it signed."""
    wanted = sorted(set(fingerprints))[:100]
    if not wanted:
        return {}
    found: dict[str, list[str]] = {fingerprint: [] for fingerprint in wanted}
    signed = (
        sa.select(release_keys.c.fingerprint, release_keys.c.repo_id)
        .where(release_keys.c.fingerprint.in_(wanted), release_keys.c.repo_id != repo.id)
        .order_by(release_keys.c.fingerprint, release_keys.c.repo_id)
        .limit(_LOOKED_AT)
        .subquery()
    )
    query = (
        sa.select(signed.c.fingerprint, repositories.c.full_name)
        .join(repositories, repositories.c.id == signed.c.repo_id)
        .where(access.visible_to(caller))
        .order_by(repositories.c.id)
    )
    for fingerprint, name in conn.execute(query):
        if len(found[fingerprint]) < MAX_NAMED:
            found[fingerprint].append(name)
    return found
