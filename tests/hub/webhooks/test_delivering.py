"""Retries, pauses, what is withheld: deliveries over days, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub import access, repositories
from paddock.hub.context import Hub
from paddock.hub.jobs.tables import jobs
from paddock.hub.jobs.worker import run_until_empty
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import create_org, find_account, remove_member, set_role
from paddock.hub.repositories import NewRepository, Settings
from paddock.hub.types import Account, Caller, Kind, Need
from paddock.hub.webhooks import delivering, delivery_log, hooks
from paddock.hub.webhooks.deliveries import (
    LONGEST_PAUSE,
    MAX_ATTEMPTS,
    MAX_WAITING,
    RETRY_SECONDS,
)
from paddock.hub.webhooks.delivery_log import Delivery
from paddock.hub.webhooks.hooks import Changes, Webhook
from paddock.hub.webhooks.tables import webhook_deliveries, webhook_events, webhooks
from paddock.hub.webhooks.wanted import Watched
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.fakes.receiver import Receiver, receiver
from tests.hub.samples import WRITE_TOKEN, make_account

URL = "https://hub.example"


@pytest.fixture
def hub(database: Database, blobs: LocalBlobStore) -> Hub:
    return Hub(database, blobs, URL, webhook_targets="any")


@pytest.fixture
def fake() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def caller(hub: Hub, name: str) -> Caller:
    with hub.database.write() as conn:
        return Caller(make_account(conn, name), WRITE_TOKEN)


def account(hub: Hub, name: str) -> Account:
    found = caller(hub, name).account
    assert found is not None
    return found


def hook(hub: Hub, owner: str, url: str, *watched: Watched) -> Webhook:
    wanted = Changes(url, watched or (Watched("user", "alice"),), ("repo",), None)
    user = account(hub, owner)
    with hub.database.write() as conn:
        return hooks.create_webhook(conn, user, wanted)


def create(
    hub: Hub, owner: str, name: str, *, private: bool = False, by: str | None = None
) -> None:
    who = caller(hub, by or owner)
    wanted = NewRepository(Kind.MODEL, name, owner, is_private=private)
    with hub.database.write() as conn:
        repositories.create_repository(conn, who, wanted)


def log(hub: Hub, owner: str, webhook: Webhook) -> list[Delivery]:
    """The oldest first."""
    user = account(hub, owner)
    with hub.database.read() as conn:
        return delivery_log.list_deliveries(conn, user, webhook, None, 200)[::-1]


def state(hub: Hub, webhook: Webhook, owner: str = "alice") -> Webhook:
    user = account(hub, owner)
    with hub.database.read() as conn:
        return hooks.get_webhook(conn, user, webhook.public_id)


def let_pass(hub: Hub, span: timedelta) -> None:
    """The time goes on: whatever waits has waited that much longer."""
    columns = [
        jobs.c.not_before,
        webhook_deliveries.c.next_attempt_at,
        webhooks.c.paused_until,
        webhooks.c.failing_since,
        webhook_events.c.created_at,
    ]
    with hub.database.write() as conn:
        for column in columns:
            key = column.table.c.id
            query = sa.select(key, column).where(column.is_not(None))
            for id_, moment in conn.execute(query).all():
                change = column.table.update().where(key == id_)
                conn.execute(change.values({column.name: moment - span}))


def test_a_delivery_is_tried_again_for_a_day_and_then_has_failed(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "alice", fake.url, Watched("model", "alice/a"))
    fake.statuses = [500] * 100
    create(hub, "alice", "a")
    run_until_empty(hub)
    first, second = log(hub, "alice", webhook)
    assert (first.state, first.attempts, first.status_code) == ("waiting", 1, 500)
    with hub.database.write() as conn:  # it would share the pauses
        c = webhook_deliveries.c
        conn.execute(webhook_deliveries.delete().where(c.public_id == second.public_id))
    for attempts, seconds in enumerate(RETRY_SECONDS, start=2):
        let_pass(hub, max(timedelta(seconds=seconds), LONGEST_PAUSE))
        run_until_empty(hub)
        [delivery] = log(hub, "alice", webhook)
        assert delivery.attempts == attempts
        assert delivery.state == ("failed" if attempts == MAX_ATTEMPTS else "waiting")
    let_pass(hub, timedelta(days=1))
    run_until_empty(hub)
    assert len(fake.received) == MAX_ATTEMPTS
    assert not state(hub, webhook).is_disabled  # a day is not three


def test_each_wait_is_at_least_as_long_as_the_one_before_whatever_the_jitter() -> None:
    assert sum(RETRY_SECONDS) < 24 * 3600
    assert all(one <= other / 2 for one, other in pairwise(RETRY_SECONDS))


def test_a_receiver_that_is_down_gets_one_attempt_and_then_a_pause(
    hub: Hub, fake: Receiver
) -> None:
    webhook = hook(hub, "alice", fake.url)
    fake.statuses = [503] * 100
    for name in "abcdef":
        create(hub, "alice", name)
    run_until_empty(hub)
    assert len(fake.received) == 1
    let_pass(hub, timedelta(seconds=10))
    run_until_empty(hub)
    assert len(fake.received) == 2
    fake.statuses.clear()
    let_pass(hub, timedelta(hours=1))
    run_until_empty(hub)
    let_pass(hub, timedelta(hours=1))
    run_until_empty(hub)
    assert {d.state for d in log(hub, "alice", webhook)} == {"delivered"}
    assert len({d.public_id for d in log(hub, "alice", webhook)}) == 12


def test_a_webhook_that_fails_for_three_days_is_turned_off_and_says_so(
    hub: Hub, fake: Receiver
) -> None:
    webhook = hook(hub, "alice", fake.url)
    fake.statuses = [500] * 1000
    create(hub, "alice", "a")
    for turn in range(20):
        if turn % 3 == 0:
            create(hub, "alice", f"b{turn}")
        run_until_empty(hub)
        let_pass(hub, timedelta(hours=4))
    off = state(hub, webhook)
    assert off.is_disabled
    assert off.disabled_reason == "every delivery has failed for 3 days"
    sent = len(fake.received)
    create(hub, "alice", "z")
    run_until_empty(hub)
    assert len(fake.received) == sent
    assert {d.state for d in log(hub, "alice", webhook)} == {"failed"}
    with hub.database.write() as conn:
        hooks.set_disabled(conn, account_in(conn, "alice"), webhook.public_id, False)
    fake.statuses.clear()
    create(hub, "alice", "zz")
    run_until_empty(hub)
    assert log(hub, "alice", webhook)[-1].state == "delivered"
    assert state(hub, webhook).disabled_reason is None


def account_in(conn: sa.Connection, name: str) -> Account:
    found = find_account(conn, name)
    assert found is not None
    return found


def test_a_receiver_that_is_gone_for_good_is_sent_nothing_more(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "alice", fake.url)
    fake.statuses = [410]
    create(hub, "alice", "a")
    run_until_empty(hub)
    create(hub, "alice", "b")
    run_until_empty(hub)
    assert len(fake.received) == 1
    assert "410" in (state(hub, webhook).disabled_reason or "")


def test_another_address_is_tried_at_once(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "alice", fake.url + "/old")
    fake.statuses = [500]
    create(hub, "alice", "a")
    run_until_empty(hub)
    with hub.database.write() as conn:
        wanted = Changes(url=fake.url + "/new")
        hooks.update_webhook(conn, account_in(conn, "alice"), webhook.public_id, wanted)
    run_until_empty(hub)
    assert [request.path for request in fake.received] == ["/old", "/new"]


def test_what_became_private_meanwhile_is_not_sent(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "eve", fake.url)
    mine = hook(hub, "alice", fake.url + "/mine")
    fake.statuses = [500, 500]
    create(hub, "alice", "a")
    run_until_empty(hub)  # both receivers are down
    assert {request.path for request in fake.received} == {"/", "/mine"}
    fake.received.clear()
    who = caller(hub, "alice")
    with hub.database.write() as conn:
        name = RepositoryName(Kind.MODEL, "alice", "a")
        repo = access.open_to_change(conn, who, name, Need.OWN)
        repositories.change_settings(conn, repo, Settings(is_private=True))
    for _ in range(3):
        let_pass(hub, timedelta(hours=1))
        run_until_empty(hub)
    assert {request.path for request in fake.received} == {"/mine"}
    hidden = log(hub, "eve", webhook)
    assert [(d.state, d.repo) for d in hidden] == [("withheld", None)] * 2
    assert {d.repo for d in log(hub, "alice", mine)} == {"alice/a"}


def test_a_private_repository_is_told_to_those_who_see_it_and_leaves_no_trace_for_others(
    hub: Hub, fake: Receiver
) -> None:
    with hub.database.write() as conn:
        alice, bob = make_account(conn, "alice"), make_account(conn, "bob")
        org = create_org(conn, "acme", owner=alice)
        set_role(conn, org, bob, "read")
    watched = Watched("org", "acme")
    stranger = hook(hub, "eve", fake.url + "/eve", watched)
    hook(hub, "bob", fake.url + "/bob", watched)
    create(hub, "acme", "secret", private=True, by="alice")
    run_until_empty(hub)
    assert [request.path for request in fake.received] == ["/bob"] * 2
    assert log(hub, "eve", stranger) == []
    with hub.database.write() as conn:
        remove_member(conn, org, bob)
    delete(hub, "acme", "secret", by="alice")
    run_until_empty(hub)
    assert len(fake.received) == 2


def delete(hub: Hub, owner: str, name: str, *, by: str) -> None:
    who = caller(hub, by)
    with hub.database.write() as conn:
        repositories.delete_repository(conn, who, RepositoryName(Kind.MODEL, owner, name))


def test_the_end_of_a_private_repository_is_told_to_those_who_saw_it(
    hub: Hub, fake: Receiver
) -> None:
    hook(hub, "alice", fake.url + "/alice")
    hook(hub, "eve", fake.url + "/eve")
    create(hub, "alice", "secret", private=True)
    run_until_empty(hub)
    fake.received.clear()
    delete(hub, "alice", "secret", by="alice")
    run_until_empty(hub)
    assert [(r.path, r.json["event"]["action"]) for r in fake.received] == [("/alice", "delete")]


def test_a_site_admins_webhook_sees_no_more_than_a_users(hub: Hub, fake: Receiver) -> None:
    with hub.database.write() as conn:
        boss = make_account(conn, "boss")
        accounts = sa.table("accounts", sa.column("id"), sa.column("is_admin"))
        conn.execute(accounts.update().where(accounts.c.id == boss.id).values(is_admin=True))
    hook(hub, "boss", fake.url)
    create(hub, "alice", "secret", private=True)
    run_until_empty(hub)
    assert fake.received == []


def test_finding_who_is_to_be_told_twice_tells_nobody_twice(
    hub: Hub, fake: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "WATCHERS_PER_TRANSACTION", 2)
    made = [hook(hub, "alice", f"{fake.url}/{number}") for number in range(5)]
    create(hub, "alice", "a")
    with hub.database.read() as conn:
        [repo_id] = set(conn.execute(sa.select(webhook_events.c.repo_id)).scalars())
    delivering.fan_out(hub, {"repo_id": repo_id})
    with hub.database.write() as conn:  # as if it had died before it could say that it was done
        conn.execute(webhook_events.update().values(is_fanned_out=False))
    run_until_empty(hub)
    assert sorted(r.path for r in fake.received) == sorted(f"/{n}" for n in range(5) for _ in "12")
    assert all(len(log(hub, "alice", webhook)) == 2 for webhook in made)


def test_a_process_that_dies_while_it_sends_delays_and_loses_nothing(
    hub: Hub, fake: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = hook(hub, "alice", fake.url)

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "_send", die)
        create(hub, "alice", "a")
        run_until_empty(hub)
    assert [d.attempts for d in log(hub, "alice", webhook)] == [1, 0]
    for _ in range(3):
        let_pass(hub, timedelta(minutes=3))
        with hub.database.write() as conn:
            past = clock.now() - timedelta(seconds=1)
            busy = webhooks.c.sending_until.is_not(None)
            conn.execute(webhooks.update().where(busy).values(sending_until=past))
        run_until_empty(hub)
    assert {d.state for d in log(hub, "alice", webhook)} == {"delivered"}
    assert len(fake.received) == 2


def test_a_webhook_that_is_deleted_takes_everything_with_it(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "alice", fake.url)
    fake.statuses = [500]
    create(hub, "alice", "a")
    run_until_empty(hub)
    with hub.database.write() as conn:
        hooks.delete_webhook(conn, account_in(conn, "alice"), webhook.public_id)
    let_pass(hub, timedelta(days=1))
    run_until_empty(hub)
    assert len(fake.received) == 1
    with hub.database.read() as conn:
        assert conn.execute(sa.select(webhook_deliveries.c.id)).all() == []
        assert conn.execute(sa.select(jobs.c.id).where(jobs.c.state == "failed")).all() == []


def test_what_is_turned_off_is_sent_neither_now_nor_later(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "alice", fake.url)
    create(hub, "alice", "a")
    with hub.database.write() as conn:
        hooks.set_disabled(conn, account_in(conn, "alice"), webhook.public_id, True)
    run_until_empty(hub)
    with hub.database.write() as conn:
        hooks.set_disabled(conn, account_in(conn, "alice"), webhook.public_id, False)
    run_until_empty(hub)
    assert fake.received == []


def test_no_more_than_so_many_deliveries_wait(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "alice", fake.url)
    fake.statuses = [500] * 9
    create(hub, "alice", "a")
    run_until_empty(hub)
    with hub.database.write() as conn:
        event = dict(conn.execute(sa.select(webhook_events).limit(1)).mappings().one())
        waiting = dict(conn.execute(sa.select(webhook_deliveries).limit(1)).mappings().one())
        del event["id"], waiting["id"]
        for number in range(MAX_WAITING):
            made = {**event, "public_id": f"e{number}"}
            insert = webhook_events.insert().values(made).returning(webhook_events.c.id)
            event_id = conn.execute(insert).scalar_one()
            more = {**waiting, "public_id": f"d{number}", "event_id": event_id}
            conn.execute(webhook_deliveries.insert().values(more))
    create(hub, "alice", "b")
    run_until_empty(hub)
    latest = log(hub, "alice", webhook)[-1]
    assert latest.state == "failed"
    assert latest.error == f"{MAX_WAITING} deliveries were waiting already"


def test_old_events_are_forgotten_with_their_deliveries(hub: Hub, fake: Receiver) -> None:
    webhook = hook(hub, "alice", fake.url)
    create(hub, "alice", "old")
    run_until_empty(hub)
    let_pass(hub, delivering.KEPT + timedelta(minutes=1))
    create(hub, "alice", "new")
    run_until_empty(hub)
    delivering.sweep(hub, {})
    assert {d.repo for d in log(hub, "alice", webhook)} == {"alice/new"}


def test_addresses_in_a_delivery_lead_to_the_hub(hub: Hub, fake: Receiver) -> None:
    hook(hub, "alice", fake.url)
    create(hub, "alice", "a")
    run_until_empty(hub)
    assert fake.received[0].json["repo"]["url"] == {
        "web": f"{URL}/alice/a",
        "api": f"{URL}/api/models/alice/a",
    }


def test_a_private_target_is_not_sent_to_unless_the_administrator_allows_it(
    database: Database, blobs: LocalBlobStore, fake: Receiver
) -> None:
    hub = Hub(database, blobs, URL)
    webhook = hook(hub, "alice", fake.url.replace("127.0.0.1", "localhost"))
    create(hub, "alice", "a")
    run_until_empty(hub)
    assert fake.received == []
    delivery = log(hub, "alice", webhook)[0]
    assert delivery.error == "the address is not one of the public internet"
