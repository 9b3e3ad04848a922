"""Letters posted in a hub's own transactions, and carried by its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.jobs.tables import jobs
from paddock.hub.jobs.worker import run_until_empty
from paddock.hub.mail import posting
from paddock.hub.mail.letters import Letter
from paddock.hub.mail.posting import Mail, NoMail
from paddock.hub.mail.servers import read_mail_server
from paddock.hub.mail.tables import letters
from paddock.hub.people.accounts import create_user
from paddock.hub.people.leaving import delete_account
from paddock.hub.tables import accounts
from paddock.hub.types import Account
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.mail import PostOffice, post_office

LETTER = Letter("Hello", "Good morning.\n")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.fixture
def hub(database: Database, blobs: LocalBlobStore, office: PostOffice) -> Hub:
    return Hub(database, blobs, None, mail=Mail(read_mail_server(office.url, "hub@hub.example")))


def user_of(hub: Hub, name: str, *, is_proven: bool) -> Account:
    with hub.database.write() as conn:
        user = create_user(conn, name, email=f"{name}@example.org")
        if is_proven:
            row = accounts.update().where(accounts.c.id == user.id)
            conn.execute(row.values(email_verified_at=clock.now()))
        return user


def post(hub: Hub, user: Account, letter: Letter = LETTER) -> bool:
    with hub.database.write() as conn:
        return hub.mail.post(conn, user, letter)


def rows(hub: Hub) -> int:
    with hub.database.read() as conn:
        return conn.scalar(sa.select(sa.func.count()).select_from(letters)) or 0


def ended(hub: Hub) -> list[tuple[str, int, str | None]]:
    with hub.database.read() as conn:
        query = sa.select(jobs.c.state, jobs.c.attempts, jobs.c.last_error)
        return [tuple(row) for row in conn.execute(query.where(jobs.c.kind == "mail.send"))]


def due_again(hub: Hub) -> None:
    with hub.database.write() as conn:
        conn.execute(jobs.update().values(not_before=clock.now()))


def test_a_letter_is_sent_once_it_is_committed_and_then_forgotten(
    hub: Hub, office: PostOffice
) -> None:
    rosa = user_of(hub, "rosa", is_proven=True)
    with pytest.raises(ZeroDivisionError), hub.database.write() as conn:
        assert hub.mail.post(conn, rosa, LETTER)
        raise ZeroDivisionError
    run_until_empty(hub)
    assert office.letters == []
    assert post(hub, rosa)
    with hub.database.read() as conn:  # what administrators read of jobs says nothing
        assert conn.execute(sa.select(jobs.c.payload)).scalars().all()[-1].keys() == {"letter_id"}
    run_until_empty(hub)
    assert office.wait()["To"] == "rosa@example.org"
    assert (rows(hub), ended(hub)) == (0, [("done", 1, None)])


def test_nobody_is_written_to_who_did_not_prove_their_address(hub: Hub, office: PostOffice) -> None:
    tom = user_of(hub, "tom", is_proven=False)
    assert not post(hub, tom)
    with hub.database.write() as conn:
        assert hub.mail.ask_for_proof(conn, tom, "tom@example.org", LETTER)
    run_until_empty(hub)
    assert len(office.letters) == 1


def test_an_address_gets_a_bounded_number_of_letters(
    hub: Hub, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for them: many accounts may name one address as theirs."""
    asked = []
    for number in range(7):
        user = user_of(hub, f"user{number}", is_proven=False)
        with hub.database.write() as conn:
            asked.append(hub.mail.ask_for_proof(conn, user, "Victim@example.org", LETTER))
    assert asked == [True] * 5 + [False] * 2
    monkeypatch.setattr(posting, "LETTERS_PER_DAY", 2)
    rosa = user_of(hub, "rosa", is_proven=True)
    assert [post(hub, rosa) for _ in range(3)] == [True, True, False]


def test_greylisting_is_waited_out_and_a_refusal_is_final(hub: Hub, office: PostOffice) -> None:
    rosa = user_of(hub, "rosa", is_proven=True)
    office.to_receivers = ["451 greylisted", "451 greylisted"]
    assert post(hub, rosa)
    for tries in (1, 2):
        run_until_empty(hub)
        [(state, attempts, error)] = ended(hub)
        assert (state, attempts) == ("waiting", tries)
        assert "greylisted" in (error or "")
        due_again(hub)
    run_until_empty(hub)
    assert (office.wait()["To"], rows(hub)) == ("rosa@example.org", 0)
    office.answers = ["554 no"]
    assert post(hub, rosa)
    run_until_empty(hub)
    assert ended(hub)[-1][:2] == ("failed", 1)
    assert rows(hub) == 0


def test_a_letter_that_is_tried_twice_is_known_by_its_id(hub: Hub, office: PostOffice) -> None:
    """The server took it, and the hub died before it could note that."""
    rosa = user_of(hub, "rosa", is_proven=True)
    assert post(hub, rosa)
    with hub.database.read() as conn:
        kept = dict(conn.execute(sa.select(letters)).mappings().one())
    run_until_empty(hub)
    with hub.database.write() as conn:
        conn.execute(letters.insert().values(kept))
        conn.execute(jobs.update().values(state="waiting", not_before=clock.now()))
    run_until_empty(hub)
    assert office.wait(2)["Message-ID"] == office.wait(1)["Message-ID"]


def test_late_letters_and_those_of_people_who_left_are_not_sent(
    hub: Hub, office: PostOffice
) -> None:
    rosa, tom = (user_of(hub, name, is_proven=True) for name in ("rosa", "tom"))
    assert post(hub, rosa, replace(LETTER, life=timedelta(0)))
    assert post(hub, tom)
    with hub.database.write() as conn:
        delete_account(conn, tom)
    run_until_empty(hub)
    assert (office.letters, rows(hub)) == ([], 0)
    assert {state for state, *_ in ended(hub)} == {"failed", "done"}


def test_without_a_mail_server_nothing_is_posted(database: Database, tmp_path: Path) -> None:
    hub = Hub(database, LocalBlobStore(tmp_path / "b"), None)
    rosa = user_of(hub, "rosa", is_proven=True)
    assert not post(hub, rosa)
    with pytest.raises(NoMail):
        hub.mail.require()
    assert rows(hub) == 0
