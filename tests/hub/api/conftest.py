"""Who takes part in several stories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub.api.cas_people import Person, two_people
from tests.live import LiveServer


@pytest.fixture
def strangers(shared_server: LiveServer) -> Iterator[tuple[Person, Person]]:
    """An owner, and somebody who has nothing to do with them."""
    owner, other = two_people(shared_server)
    with owner.http, other.http:
        yield owner, other


@pytest.fixture
def strangers_on_each(server_on_each: LiveServer) -> Iterator[tuple[Person, Person]]:
    """The same with each database."""
    owner, other = two_people(server_on_each)
    with owner.http, other.http:
        yield owner, other
