"""What a reader remembers: the clock does not run backwards, and a broken memory is told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from paddock import clock
from paddock.release.verifying.memory import looking
from paddock.release.verifying.updates import Updates
from paddock.release.verifying.verdict import Verdict
from paddock.release.verifying.verify import verify_folder
from tests.release.publisher import DAY, NOW, Publisher


class Reader:
    """Somebody who verifies, at a time that the test says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.publisher = Publisher(folder)
        self.memory = folder / "seen"
        self._monkeypatch = monkeypatch

    def look(self, release: Path, at: datetime = NOW) -> Verdict:
        self._monkeypatch.setattr(clock, "now", lambda: at)
        asked = self.publisher.trust("oms", tuf=self.publisher.root())
        return verify_folder(release, asked, Updates(self.memory))

    def kept(self, name: str) -> Path:
        (place,) = self.memory.glob(f"*/*/{name}")
        return place


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(tmp_path, monkeypatch)


def test_a_clock_that_was_set_back_makes_nothing_current(reader: Reader) -> None:
    release = reader.publisher.release("out")
    assert reader.look(release).is_trusted
    assert reader.look(release, NOW - timedelta(hours=12)).is_trusted  # summer time, a reboot
    verdict = reader.look(release, NOW - 2 * DAY)
    assert (verdict.verdict, verdict.freshness) == ("stale", "stale")
    assert "this machine's clock says" in verdict.reasons[0]
    assert reader.look(release).is_trusted  # set right again


def test_a_look_that_was_not_trusted_moves_no_clock(reader: Reader) -> None:
    release = reader.publisher.release("out")
    assert reader.look(release).is_trusted
    (release / "config.json").write_bytes(b"{}")
    assert reader.look(release, NOW + 3 * DAY).verdict == "tampered"
    assert datetime.fromisoformat(json.loads(reader.kept("clock.json").read_text())) == NOW


@pytest.mark.parametrize("name", ["clock.json", "releases.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[" * 200_000, b'{"a": 1}', b'"yesterday"', b"7"])
def test_a_memory_that_cannot_be_read_decides_nothing(
    reader: Reader, name: str, content: bytes
) -> None:
    release = reader.publisher.release("out")
    assert reader.look(release).is_trusted
    reader.kept(name).write_bytes(content)
    verdict = reader.look(release)
    assert verdict.verdict == "undecided"
    assert "cannot be read" in verdict.reasons[0]


def test_there_is_no_moment_at_which_nothing_is_remembered(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = reader.publisher.release("older")
    newer = reader.publisher.release("newer", NOW + timedelta(hours=1), version="1.1.0")
    assert reader.look(newer).is_trusted

    root = next((newer / "tuf").glob("1.root.json")).read_bytes()

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for name in ("copytree", "rmtree"):  # killed before the new state has its name, and after
        with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
            killed.setattr(f"paddock.release.verifying.memory.shutil.{name}", cut)
            with looking(reader.memory, root) as seen:
                seen.keep(NOW)
    assert reader.look(older).verdict == "stale"
    assert reader.look(newer).is_trusted


def test_what_is_remembered_under_a_strange_name_is_told(reader: Reader) -> None:
    release = reader.publisher.release("out")
    assert reader.look(release).is_trusted
    (newest,) = reader.memory.glob("*/newest")
    for name in (b"../../etc", b"state-gone", b"", b"\xff"):
        newest.write_bytes(name)
        verdict = reader.look(release)
        assert verdict.verdict == "undecided"
        assert str(newest) in verdict.reasons[0]
