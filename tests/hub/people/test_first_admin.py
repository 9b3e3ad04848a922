"""The first administrator: one, whoever asks and how many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from paddock.hub.people.first_admin import initialise
from paddock.hub.people.tokens import authenticate
from paddock.storage.database import Database


def test_of_many_that_begin_at_once_one_makes_the_administrator(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [first for first in pool.map(lambda _: initialise(database), range(8)) if first]
    assert len(made) == 1
    caller = authenticate(database, made[0].token)
    assert caller.account is not None and caller.token is not None
    assert caller.account.is_admin
    assert caller.token.role == "admin"
    assert initialise(database, "somebody-else") is None
