"""Archives: everything in them is scanned, and what reads differently elsewhere is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadArchive, BadCheckpoint
from paddock.checkpoint.scan.archives import zips
from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.archives.streams import open_stream
from paddock.checkpoint.scan.archives.tars import open_tar
from paddock.checkpoint.scan.archives.zip_directory import DEFLATED, ZipMember
from paddock.checkpoint.scan.archives.zips import open_zip
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.looking import Budget, Look
from tests.checkpoint.scan.scans import codes, scanned

PICKLE = b"cposix\nsystem\n(S'true'\ntR."
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lz4.frame.compress,
    "zst": zstandard.compress,
}


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return raw.getvalue()


def tar_of(*members: tuple[tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=format) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def member(name: str, content: bytes = b"x", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


@pytest.mark.parametrize("ending", COMPRESSIONS)
def test_a_pickle_is_found_in_every_wrapping(ending: str, tmp_path: Path) -> None:
    compress = COMPRESSIONS[ending]
    for wrapped in (PICKLE, zip_of({"a/b.txt": PICKLE}), tar_of(member("a/b", PICKLE))):
        content = compress(wrapped)
        assert "pickle_global" in codes(tmp_path, f"notes.{ending}", content)


@pytest.mark.parametrize("ending", COMPRESSIONS)
def test_honest_streams_are_clean_and_damaged_ones_are_not(ending: str, tmp_path: Path) -> None:
    text = b"Once upon a time there was a model.\n" * 50_000
    content = COMPRESSIONS[ending](os.urandom(1000).hex().encode() + text[:20_000])
    assert codes(tmp_path, f"a.txt.{ending}", content) == set()
    assert codes(tmp_path, f"a.txt.{ending}", content[:-3]) & {"truncated", "bad_archive"}
    behind = codes(tmp_path, f"a.txt.{ending}", content + b"PK\3\4 and more")
    assert behind & {"hidden_bytes", "bad_archive", "truncated"}
    assert "archive_bomb" in codes(tmp_path, f"a.{ending}", COMPRESSIONS[ending](bytes(20 << 20)))


def test_the_place_says_which_member_of_which_archive(tmp_path: Path) -> None:
    inner = zip_of({"sub/evil.json": PICKLE})
    report = scanned(tmp_path, {"a.zip": zip_of({"inner.zip": inner, "ok.txt": b"fine"})})
    places = {reason.code: reason.place for reason in report.reasons}
    assert places["pickle_global"] == "a.zip!inner.zip!sub/evil.json@0"
    assert places["disguised"] == "a.zip!inner.zip!sub/evil.json"


def test_archives_in_archives_end_somewhere(tmp_path: Path) -> None:
    content = b"fine"
    for _ in range(8):
        content = zip_of({"a.zip": content})
    assert codes(tmp_path, "a.zip", content) >= {"archive_depth"}


def test_a_budget_that_runs_out_is_no_clean_verdict(tmp_path: Path) -> None:
    content = zip_of({f"{n}": os.urandom(1000) for n in range(50)})
    assert "unfinished" in codes(tmp_path, "a.zip", content, Limits(unpacked_bytes=10_000))
    assert "unfinished" in codes(tmp_path, "a.zip", content, Limits(members=10))


def test_nothing_that_was_unpacked_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    codes(tmp_path, "a.zip", zip_of({"a.txt": b"x", "b.zip": zip_of({"c": PICKLE})})[:-1])
    assert list(room.iterdir()) == []


ZIP_TRICKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "junk before": (lambda raw: b"junk" + raw, "polyglot"),
    "bytes behind": (lambda raw: raw + b"more", "hidden_bytes"),
    "another name in its header": (lambda raw: raw.replace(b"a.txt", b"b.exe", 1),
                                   "archive_mismatch"),
    "encrypted in the directory": (lambda raw: with_flags(raw, b"PK\1\2", 8), "encrypted"),
    "encrypted in its header": (lambda raw: with_flags(raw, b"PK\3\4", 6), "archive_mismatch"),
    "a wrong sum": (lambda raw: raw.replace(b"honest words", b"HONEST WORDS", 1), "bad_archive"),
    "cut": (lambda raw: raw[:-30], "bad_archive"),
    "a comment with bytes": (lambda raw: raw[:-2] + b"\x04\x00\x00\xff\xfe\x01", "hidden_bytes"),
}  # fmt: skip


def with_flags(raw: bytes, magic: bytes, offset: int) -> bytes:
    at = raw.index(magic) + offset
    return raw[:at] + bytes([raw[at] | 1]) + raw[at + 1 :]


@pytest.mark.parametrize("trick", ZIP_TRICKS)
def test_a_zip_that_reads_differently_elsewhere_is_refused(trick: str, tmp_path: Path) -> None:
    change, code = ZIP_TRICKS[trick]
    honest = zip_of({"a.txt": b"honest words"}, zipfile.ZIP_STORED)
    assert codes(tmp_path, "a.zip", honest) == set()
    assert code in codes(tmp_path, "a.zip", change(honest))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../a", "path_escape"), ("/etc/a", "path_escape"), ("a/../../b", "path_escape"),
        ("C:a", "path_escape"), ("..\\a", "path_escape"), ("a\nb", "odd_name"),
        ("a\u202eb", "odd_name"), ("con", "unportable_name"), ("a?b", "unportable_name"),
    ],
)  # fmt: skip
def test_names_that_lead_out_or_deceive_are_told(name: str, code: str, tmp_path: Path) -> None:
    assert code in codes(tmp_path, "a.zip", zip_of({name: b"x"}))
    assert code in codes(tmp_path, "a.tar", tar_of(member(name)))


def test_bytes_behind_a_members_deflated_end_are_not_gathered() -> None:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = machine.compress(b"content") + machine.flush()
    taken = []

    def pieces() -> Iterator[bytes]:
        for piece in (packed, *[bytes(1 << 16)] * 100):
            taken.append(len(piece))
            yield piece

    member = ZipMember("a", DEFLATED, 0, 100 << 16, 7, 0, 0)
    with pytest.raises(BadArchive, match="does not end where it should"):
        list(zips._inflated(pieces(), member))
    assert len(taken) == 2


def test_one_name_twice_and_names_that_collide_are_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning):
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w") as archive:
            archive.writestr("a", "x")
            archive.writestr("a", "y")
    assert "duplicate" in codes(tmp_path, "a.zip", raw.getvalue())
    assert "duplicate" in codes(tmp_path, "a.tar", tar_of(member("a"), member("a")))
    assert "name_collision" in codes(tmp_path, "a.zip", zip_of({"A/b": b"x", "a/b": b"x"}))
    assert "name_collision" in codes(tmp_path, "a.tar", tar_of(member("\u00e9"), member("e\u0301")))


def test_links_and_devices_in_archives_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    info.create_system = 3
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "archive_link" in codes(tmp_path, "a.zip", raw.getvalue())
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        content = tar_of(member("a", b"", type=kind, linkname="b"))
        assert "archive_link" in codes(tmp_path, "a.tar", content)


def test_every_dialect_of_tar_is_read(tmp_path: Path) -> None:
    long = "/".join(["folder"] * 30) + "/file.txt"
    for dialect in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        content = tar_of(member(long, PICKLE), member("b", b"x" * 513), format=dialect)
        report = scanned(tmp_path, {"a.tar": content})
        assert f"a.tar!{long}@0" in {reason.place for reason in report.reasons}


def test_a_tar_with_something_behind_its_end_is_refused(tmp_path: Path) -> None:
    content = tar_of(member("a"))
    assert codes(tmp_path, "a.tar", content) == set()
    assert "hidden_bytes" in codes(tmp_path, "a.tar", content + b"more")
    assert "truncated" in codes(tmp_path, "a.tar", tar_of(member("a", bytes(5000)))[:2048])


def test_zip_bombs_of_many_members_are_seen_before_anything_is_unpacked(tmp_path: Path) -> None:
    content = zip_of({f"{n}": bytes(20 << 20) for n in range(5)})
    started = time.process_time()
    assert codes(tmp_path, "a.zip", content) == {"archive_bomb"}
    assert time.process_time() - started < 1


OPENERS = {
    Kind.ZIP: (open_zip, zip_of({"a.txt": b"honest" * 40, "b/c": b"words"})),
    Kind.TAR: (open_tar, tar_of(member("a" * 120), member("b", b"y" * 600))),
    **{
        kind: (open_stream, COMPRESSIONS[name](b"honest words " * 50))
        for kind, name in (
            (Kind.GZIP, "gz"), (Kind.ZLIB, "zlib"), (Kind.BZIP2, "bz2"), (Kind.XZ, "xz"),
            (Kind.LZ4, "lz4"), (Kind.ZSTD, "zst"),
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", OPENERS)
@given(data=st.data())
def test_no_change_makes_an_opener_fail_otherwise_than_by_refusing(
    kind: Kind, data: st.DataObject
) -> None:
    opener, honest = OPENERS[kind]
    raw = bytearray(honest)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        change = data.draw(st.sampled_from(["set", "cut", "insert", "max"]))
        if change == "cut":
            del raw[at : at + data.draw(st.integers(1, 30))]
        elif change == "insert":
            raw[at:at] = data.draw(st.binary(max_size=8))
        else:
            raw[at : at + 4] = b"\xff" * 4 if change == "max" else data.draw(st.binary(max_size=4))
        raw = raw or bytearray(b"P")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a"
        file.write_bytes(raw)
        budget = Budget(Limits(unpacked_bytes=1 << 20), Path(folder), time.monotonic() + 10)
        look = Look("a", kind, file, len(raw), bytes(raw[: 1 << 16]), budget)
        try:
            for found in opener(look):
                if isinstance(found, Inner):
                    for piece in found.pieces:
                        budget.take_bytes(len(piece))
        except BadCheckpoint:
            pass
