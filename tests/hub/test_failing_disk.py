"""Every story over a disk that fails at every call in turn, and over a database that does.

Nothing that was acknowledged is ever other than it was, no failure is unexplained, and doing it
again succeeds.
"""

from __future__ import annotations

import itertools

import pytest

from paddock.hub.large import lfs
from tests.fakes.faulty_database import DatabaseFault, faulty_database
from tests.fakes.faulty_disk import DiskFault, faulty_disk
from tests.hub.api.hosted import host
from tests.hub.stories import STORIES, new_content, tell
from tests.live import LiveServer

PART_BYTES = 100_000
# Every so manieth statement fails, and every commit: a story has about a hundred statements, and
# ending PostgreSQL's processes takes its time.
EVERY_OF = {"sqlite": 8, "postgresql": 16}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lfs, "part_bytes", lambda _size: PART_BYTES)


@pytest.mark.parametrize("name", STORIES)
def test_no_failing_call_of_the_disk_corrupts_or_loses_anything(
    shared_server: LiveServer, name: str
) -> None:
    story = STORIES[name]
    with host(shared_server) as hosted, faulty_disk(shared_server.data / "blobs") as disk:
        first = new_content()
        assert tell(story, hosted, first, "first.bin") == 1
        calls = list(disk.seen)
        felt = 0
        for number, call in enumerate(calls, 1):
            if name != "lfs" and number % 2:
                continue  # every call of that story, every other one of the rest
            kinds = [DiskFault.FULL if number % 3 else DiskFault.BROKEN]
            if call == "write":
                kinds = list(DiskFault)
            for fault in kinds:
                disk.reset((number, fault))
                tries = tell(story, hosted, new_content(), "again.bin")
                assert tries == 1 or fault is not DiskFault.PARTIAL
                assert tries <= 2, f"{fault} at call {number}, {call}, was felt twice"
                felt += tries > 1
        disk.reset()
        assert felt > len(calls) / 6
        url = f"/{hosted.repo_id}/resolve/main/first.bin"
        assert hosted.http.get(url).content == first
    assert list((shared_server.data / "blobs" / "staging").iterdir()) == []


@pytest.mark.parametrize("name", ["lfs", "xet", "commit"])
def test_no_failing_statement_corrupts_or_loses_anything(
    server_on_each: LiveServer, name: str
) -> None:
    story = STORIES[name]
    with host(server_on_each) as hosted, faulty_database(server_on_each.hub.database) as database:
        tell(story, hosted, new_content(), "warm.bin")
        database.reset()
        first = new_content()
        assert tell(story, hosted, first, "first.bin") == 1
        asked = list(database.seen)
        assert "COMMIT" in asked
        kinds = itertools.cycle(DatabaseFault)
        points = {n for n, some in enumerate(asked, 1) if some == "COMMIT"}
        every = EVERY_OF["sqlite" if server_on_each.hub.database.is_sqlite else "postgresql"]
        points |= set(range(1, len(asked) + 1, every))
        felt = 0
        for number in sorted(points):
            faults = DatabaseFault if asked[number - 1] == "COMMIT" else [next(kinds)]
            for fault in faults:
                database.reset((number, fault))
                tries = tell(story, hosted, new_content(), "again.bin")
                assert tries <= 2, f"{fault} at {number}, {asked[number - 1]}, was felt twice"
                felt += tries > 1
        database.reset()
        assert felt > len(points) / 2
        url = f"/{hosted.repo_id}/resolve/main/first.bin"
        assert hosted.http.get(url).content == first
