"""Zip archives that read the same in every program, member by member."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.zip_archive import (
    DEFLATED,
    MAX_MEMBERS,
    STORED,
    read_beginning,
    read_member,
    read_members,
)
from tests.checkpoint.pickles import raw_zip

CONTENT = os.urandom(1000) + bytes(3 << 20)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("force_zip64", [False, True])
@pytest.mark.parametrize("seekable", [False, True])
def test_what_python_writes_is_read(
    tmp_path: Path, method: int, force_zip64: bool, seekable: bool
) -> None:
    path = tmp_path / "x.zip"
    with path.open("wb") as file:
        if not seekable:  # then sizes come after the member, in a descriptor
            file.seekable = lambda: False
        with (
            zipfile.ZipFile(file, "w", method) as archive,
            archive.open("a/é.bin", "w", force_zip64=force_zip64) as member,
        ):
            member.write(CONTENT)
    (found,) = read_members(path, methods=(STORED, DEFLATED)).values()
    assert (found.name, found.size_bytes, found.method) == ("a/é.bin", len(CONTENT), method)
    assert b"".join(read_member(path, found)) == CONTENT
    assert max(map(len, read_member(path, found))) <= 1 << 20
    assert read_beginning(path, found, 100) == CONTENT[:100]


def test_deflated_members_are_refused_where_they_are_not_asked_for(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", CONTENT)
    with pytest.raises(BadArchive) as caught:
        read_members(tmp_path / "x.zip")
    assert caught.value.reason == "not_stored"


def test_more_members_than_any_honest_file_has_are_refused_unread(tmp_path: Path) -> None:
    count = MAX_MEMBERS + 1
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, 0, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), 0, 0, 0)
    (tmp_path / "x.zip").write_bytes(end64 + locator + end)
    with pytest.raises(BadArchive) as caught:
        read_members(tmp_path / "x.zip")
    assert caught.value.reason == "bad_directory"


def test_the_lengths_of_a_member_must_agree_everywhere(tmp_path: Path) -> None:
    good = raw_zip([(b"a", b"four")])
    crc = struct.pack("<L", zlib.crc32(b"four"))
    for place in (good.index(crc), good.rindex(crc)):
        for offset in (0, 4, 8):
            content = bytearray(good)
            content[place + offset] ^= 1
            (tmp_path / "x.zip").write_bytes(content)
            with pytest.raises(BadArchive) as caught:
                read_members(tmp_path / "x.zip")
            assert caught.value.reason in ("mismatch", "hidden_bytes")
