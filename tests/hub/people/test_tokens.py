"""Access tokens: what is kept of them, and what a wrong one gets."""

from __future__ import annotations

import re
import string
import threading
import zlib
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Unauthorized
from paddock.hub import tables
from paddock.hub.people import accounts, tokens
from paddock.storage.database import Database
from tests.live import LiveServer


def is_token(text: str) -> bool:
    """As docs/tokens-and-oauth.md tells scanners."""
    found = re.fullmatch(r"hf_([A-Za-z]{28})([A-Za-z]{6})", text)
    if found is None:
        return False
    number = 0
    for letter in found[2]:
        number = number * 52 + string.ascii_letters.index(letter)
    return number == zlib.crc32(found[1].encode())


def test_scanners_tell_tokens_from_what_looks_like_one() -> None:
    made = [tokens.new_secret("hf_") for _ in range(200)]
    assert all(is_token(one) for one in made) and len(set(made)) == 200
    assert not any(is_token(one[:10] + one[10].swapcase() + one[11:]) for one in made)
    assert not any(is_token(one[:-1]) or is_token(one + "a") for one in made)


def token_of(database: Database, name: str, role: str = "write") -> str:
    with database.write() as conn:
        account = accounts.create_user(conn, name)
        return tokens.create_token(conn, account, "laptop", role)


def test_a_token_says_who_calls_and_only_its_digest_is_kept(database: Database) -> None:
    secret = token_of(database, "alice")
    assert re.fullmatch(r"hf_[A-Za-z]{34}", secret)
    caller = tokens.authenticate(database, secret)
    assert caller.account is not None and caller.token is not None
    assert (caller.account.name, caller.token.name, caller.token.role) == (
        "alice",
        "laptop",
        "write",
    )
    with database.read() as conn:
        kept = " ".join(str(row) for row in conn.execute(sa.select(tables.tokens)))
    assert secret not in kept
    assert secret[3:] not in kept


@pytest.mark.parametrize("secret", ["", "hf_", "hf_wrong", "\0", "é", "\ud800", "x" * 100_000])
def test_anything_else_is_refused_with_the_sentence_clients_know(
    database: Database, secret: str
) -> None:
    token_of(database, "alice")
    with pytest.raises(Unauthorized) as refused:
        tokens.authenticate(database, secret)
    assert refused.value.message == "Invalid credentials in Authorization header"


def test_a_token_has_a_known_role_and_belongs_to_a_user(database: Database) -> None:
    with database.write() as conn:
        alice = accounts.create_user(conn, "alice")
        lab = accounts.create_org(conn, "lab", owner=alice)
        for account, name, role in [(alice, "t", "root"), (lab, "t", "read"), (alice, "", "read")]:
            with pytest.raises(BadInput):
                tokens.create_token(conn, account, name, role)


def last_used(database: Database) -> datetime | None:
    with database.read() as conn:
        return conn.execute(sa.select(tables.tokens.c.last_used_at)).scalar_one()


def test_the_last_use_is_noted_at_most_once_a_minute(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = token_of(database, "alice")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for seconds, noted in [(0, 0), (59, 0), (61, 61), (90, 61)]:
        monkeypatch.setattr(clock, "now", lambda at=seconds: start + timedelta(seconds=at))
        tokens.authenticate(database, secret)
        assert last_used(database) == start + timedelta(seconds=noted)


def test_a_reader_does_not_wait_for_a_writer_to_note_its_use(database: Database) -> None:
    secret = token_of(database, "alice")
    done = threading.Event()

    def read() -> None:
        tokens.authenticate(database, secret)
        done.set()

    with database.write() as conn:
        conn.execute(sa.update(tables.accounts).values(email="a@example.org"))
        thread = threading.Thread(target=read)
        thread.start()
        assert done.wait(10)  # the writer is still in the middle; its lock lasts 30 seconds
    thread.join()


def test_a_token_ends_when_it_was_said_to(database: Database) -> None:
    with database.write() as conn:
        user = accounts.create_user(conn, "ending")
        bounds = tokens.Bounds(expires_at=clock.now() + timedelta(seconds=60))
        secret = tokens.create_token(conn, user, "short", "write", bounds)
    assert tokens.authenticate(database, secret).account is not None
    with database.write() as conn:
        ended = tables.tokens.update().values(expires_at=clock.now())
        conn.execute(ended)
    with pytest.raises(Unauthorized):
        tokens.authenticate(database, secret)


def test_a_revoked_token_is_refused_from_the_next_request_on(shared_server: LiveServer) -> None:
    own = shared_server.user("revoker")
    headers = {"Authorization": f"Bearer {own}"}
    url = f"{shared_server.url}/api/settings/tokens"
    made = httpx.post(url, json={"displayName": "b", "role": "read"}, headers=headers).json()
    listed = httpx.get(url, headers=headers).json()
    assert [token["displayName"] for token in listed] == ["b", "test-write"]
    assert "token" not in listed[0]
    other = {"Authorization": f"Bearer {made['token']}"}
    assert httpx.get(f"{shared_server.url}/api/whoami-v2", headers=other).status_code == 200
    assert httpx.get(url, headers=other).status_code == 403
    stranger = {"Authorization": f"Bearer {shared_server.user('somebody')}"}
    assert httpx.delete(f"{url}/{made['_id']}", headers=stranger).status_code == 404
    assert httpx.delete(f"{url}/{made['_id']}", headers=headers).status_code == 200
    assert httpx.get(f"{shared_server.url}/api/whoami-v2", headers=other).status_code == 401
    for bad in ("0", "x" * 24, "f" * 24):
        assert httpx.delete(f"{url}/{bad}", headers=headers).status_code == 404
    admin = httpx.post(url, json={"displayName": "b", "role": "admin"}, headers=headers)
    assert admin.status_code == 403
