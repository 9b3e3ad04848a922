"""Processes that are kept: few, replaced when they die, and never more at once than may be."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from paddock.hub.previews import readers
from paddock.hub.previews.formats import Format
from paddock.hub.previews.questions import Question
from paddock.hub.previews.readers import KEPT_PROCESSES, Readers, ReadersBusy
from tests.hub.previews import asked
from tests.hub.previews.asked import texts


@pytest.fixture
def own() -> Iterator[Readers]:
    with asked.readers() as running:
        yield running


def test_a_few_processes_are_kept_and_the_oldest_goes(own: Readers) -> None:
    contents = [f"a\n{at}\n".encode() for at in range(KEPT_PROCESSES + 2)]
    processes = []
    for content in contents:
        asked.ask(own, content, Format.CSV)
        processes.append(next(reversed(own._idle.values())))
    assert len(own._idle) == KEPT_PROCESSES
    assert [one.is_there for one in processes] == [False] * 2 + [True] * KEPT_PROCESSES


def test_a_process_that_died_meanwhile_says_nothing_of_its_file(own: Readers) -> None:
    content = b"a\n1\n"
    asked.ask(own, content, Format.CSV)
    (process,) = own._idle.values()
    process._process.kill()
    process._process.wait()
    assert texts(asked.ask(own, content, Format.CSV, page=0, first_row=7)) == [["1"]]
    (process,) = own._idle.values()
    assert process._process.stdin is not None
    process._process.stdin.close()  # it ends by itself, as when nobody asks it for long
    deadline = time.monotonic() + 60
    while process._process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert texts(asked.ask(own, content, Format.CSV, first_row=8)) == [["1"]]


def test_whoever_comes_when_all_are_busy_is_told(
    own: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "WAIT_SECONDS", 0.0)
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def slowly(start: int, end: int) -> Iterator[bytes]:
        begun.release()
        assert go_on.wait(60)
        yield b"a\n1\n"[start:end]

    def read(at: int) -> None:
        own.ask(f"slow {at}", Question(Format.CSV, 4), slowly)

    threads = [threading.Thread(target=read, args=(at,)) for at in range(readers.AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert begun.acquire(timeout=60)
    with pytest.raises(ReadersBusy):
        own.ask("one more", Question(Format.CSV, 4), slowly)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert own.ask("one more", Question(Format.CSV, 4), lambda s, e: iter([b"a\n1\n"[s:e]])).rows
