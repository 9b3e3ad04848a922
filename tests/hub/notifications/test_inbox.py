"""How much is unread: counted quickly, and only of what may be seen."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from paddock.hub.discussions import comments
from paddock.hub.notifications import inbox, unread
from paddock.hub.tables import repositories
from paddock.hub.types import Caller
from paddock.storage.database import Database
from tests.hub.samples import make_account, make_repository


def test_unread_ones_are_counted_as_far_as_they_may_be_seen(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as conn:
        repo, other = make_repository(conn), make_repository(conn, "other")
        alice, ben = make_account(conn), make_account(conn, "ben")
        made = [comments.open_discussion(conn, repo, ben, f"Number {n}", "") for n in range(3)]
        comments.open_discussion(conn, other, ben, "Elsewhere", "hello @ben")
        mine = Caller(alice, None)
        assert unread.unread_count(conn, alice) == 4
        assert unread.unread_count(conn, ben) == 0
        found = inbox.unread_repositories(conn, mine)
        assert [(one.web_path, one.unread) for one in found] == [
            ("/alice/model", 3), ("/alice/other", 1)
        ]  # fmt: skip
        inbox.mark(conn, mine, [made[0].public_id], is_read=True)
        assert not unread.is_unread(conn, alice, made[0].id)
        assert unread.is_unread(conn, alice, made[1].id)
        assert unread.unread_count(conn, alice) == 3
        monkeypatch.setattr(unread, "MAX_UNREAD_COUNTED", 2)
        assert unread.unread_count(conn, alice) == 2
        comments.add_comment(conn, repo, made[2], alice, "I watch")
        comments.add_comment(conn, repo, made[2], ben, "So do I")
        hidden = repositories.update().where(repositories.c.id == repo.id).values(is_private=True)
        comments.add_comment(conn, repo, made[2], alice, "Now only I")
        assert unread.unread_count(conn, ben) == 1
        conn.execute(hidden)
        assert unread.unread_count(conn, ben) == 0
        assert conn.scalar(sa.select(sa.func.count()).select_from(inbox.notifications)) == 5
