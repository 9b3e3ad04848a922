"""``kill -9`` at every call that changes disk, store or database during an upload by Xet.

What must hold in the next life: what was acknowledged reads back byte for byte; what was not is
whole or is not there; and the same upload, sent again, ends well.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.buckets import new_bucket
from tests.databases import postgresql_url, sqlite_url
from tests.hub.xet.mortal_hub import Place, live

# Each life takes most of a second: by default a sample of the moments dies, with
# PADDOCK_EVERY_KILL=1 all of them, on all four pairs.
EVERY = os.environ.get("PADDOCK_EVERY_KILL") == "1"
KILLS = 3
PAIRS = [("sqlite", "disk"), ("postgresql", "S3")]
if EVERY:
    PAIRS += [("sqlite", "S3"), ("postgresql", "disk")]


@pytest.fixture(params=PAIRS, ids=" and ".join)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    database, store = request.param
    bucket = new_bucket() if store == "S3" else None
    with ExitStack() as stack:
        made_here = database == "sqlite"
        url = sqlite_url(tmp_path) if made_here else stack.enter_context(postgresql_url())
        yield Place(tmp_path, url, bucket)


def test_nothing_acknowledged_is_lost_and_nothing_half_done_is_there(place: Place) -> None:
    assert live(place, 0, None) == 0
    calls = json.loads(place.calls.read_text())
    assert calls.count("COMMIT") >= 3
    moments = _moments(calls)
    for number, moment in enumerate(moments, 1):
        assert live(place, number, moment) == -9, calls[moment - 1]
    # The last life finds all promises kept, and takes every upload again.
    assert live(place, len(moments) + 1, None) == 0
    blobs = place.folder / "data" / "blobs" / "blobs"
    for path in blobs.glob("*/*") if place.bucket is None else ():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def _moments(calls: list[str]) -> list[int]:
    """When to die, counted from 1: always, or at some calls that later ones cannot undo."""
    every = list(range(1, len(calls) + 1))
    if EVERY:
        return every
    lasting = [at for at in every if calls[at - 1] not in ("INSERT", "UPDATE", "DELETE", "stat")]
    return lasting[KILLS :: max(1, len(lasting) // KILLS)]
