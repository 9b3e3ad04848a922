"""What people send for pull requests to repositories of others, once files are made of it.

A xorb counts whole while no file is made of it; then the file counts, and of the xorb what the file
has no part in. Knows the rows of contributions and which xorbs wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from paddock.hub.discussions.tables import contributions
from paddock.hub.tables import xorbs
from paddock.hub.xet.layout import Terms
from paddock.storage.sql import in_chunks


def count_files_instead(conn: sa.Connection, files: Sequence[Terms]) -> None:
    """Xorbs that somebody sent for a pull request count less by what the files have of them.

    Once: from then on they wait for no repository.
    """
    covered: Counter[str] = Counter()
    for terms in files:
        for term in terms:
            covered[term.xorb] += term.unpacked_bytes
    sent = contributions.c
    here = sa.and_(sent.repo_id == xorbs.c.waits_for_repo_id, sent.sha256 == xorbs.c.hash)
    for some in in_chunks(sorted(covered)):
        query = sa.select(contributions).join(xorbs, here).where(xorbs.c.hash.in_(some))
        for row in conn.execute(query).all():
            left_bytes = max(0, row.size_bytes - covered[row.sha256])
            same = sa.and_(
                sent.repo_id == row.repo_id,
                sent.user_id == row.user_id,
                sent.sha256 == row.sha256,
            )
            conn.execute(contributions.update().where(same).values(size_bytes=left_bytes))
