"""What is damaged is made whole out of anything that proves to have its bytes, never made worse."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import obstore
import pytest
import sqlalchemy as sa

from paddock.config import Settings
from paddock.hub.fsck import copies
from paddock.hub.fsck.copies import open_copy
from paddock.hub.tables import large_files, repositories, xet_files, xorbs
from paddock.hub.xet import generations, variants
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import StoredXorb
from paddock.hub.xet.xorbs import XorbParser
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.buckets import new_bucket
from tests.hub.fsck.conftest import Fsck
from tests.hub.fsck.stored import BOTH, LFS, XET, Stored
from tests.hub.fsck.test_checking import EXIT_NOT_WHOLE, faults, sha256
from tests.hub.xet.messages import Xorb


def all_blobs(hub: Stored) -> list[str]:
    return sorted(blob.sha256 for blob in hub.store.stored())


def assert_whole(hub: Stored, fsck: Fsck) -> None:
    code, told = fsck("--deep")
    assert (code, told["problems"]) == (0, []), told
    assert hub.unreadable() == []


@pytest.mark.parametrize("layout", ["", "blobs", "blobs/blobs"])
def test_whatever_was_lost_comes_back_from_another_data_folder(
    hub: Stored, fsck: Fsck, filled: Path, layout: str
) -> None:
    for number, blob in enumerate(all_blobs(hub)):
        if number % 2:
            hub.path(blob).unlink()
        else:
            hub.flip(blob, at=5)
    code, told = fsck("--deep", "--repair-from", filled / layout)
    assert code == 0 and told["found"] == told["repaired"] >= 4
    assert all("copied from" in one["repaired"] for one in told["problems"])
    assert_whole(hub, fsck)


def test_a_bucket_is_a_second_copy_too(
    hub: Stored, fsck: Fsck, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = new_bucket(prefix="copies/here")
    store = S3BlobStore(S3Connection(bucket))
    for blob in all_blobs(hub):
        with store.begin() as writer:
            writer.write(hub.path(blob).read_bytes())
            writer.commit()
    wrong = sha256(LFS)
    obstore.put(store._connection.requests, f"blobs/{wrong[:2]}/{wrong}", b"other bytes" * 99)
    monkeypatch.setenv("PADDOCK_S3_ENDPOINT", bucket.endpoint)
    monkeypatch.setenv("PADDOCK_S3_ACCESS_KEY", bucket.access_key or "")
    monkeypatch.setenv("PADDOCK_S3_SECRET_KEY", bucket.secret_key or "")
    lost = [wrong, hub.xorb_blobs()[0]]
    for blob in lost:
        hub.path(blob).unlink()
    code, told = fsck("--repair-from", f"s3://{bucket.name}/{bucket.prefix}")
    left = {one["name"] for one in told["problems"] if not one["repaired"]}
    assert code == EXIT_NOT_WHOLE and left == {wrong} and told["found"] == 2
    assert not hub.path(wrong).exists()  # what a copy has under that name is not believed


def test_a_file_that_is_stored_both_ways_repairs_itself_either_way(hub: Stored, fsck: Fsck) -> None:
    """The blob out of the chunks, and the xorb out of the blob."""
    row = hub.one(sa.select(large_files).where(large_files.c.sha256 == sha256(BOTH)))
    assert row.is_blob
    for harm in (Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-7])):
        harm(hub.path(sha256(BOTH)))
        assert fsck("--deep")[0] == EXIT_NOT_WHOLE
        code, told = fsck("--repair")
        assert code == 0 and told["repaired"] >= 1, told
        assert_whole(hub, fsck)
    of_both = xet_files.c.sha256 == sha256(BOTH)
    sent = [blob for blob in hub.xorb_blobs() if hub.path(blob).stat().st_size > len(BOTH)]
    assert sent and hub.one(sa.select(sa.func.count()).where(of_both))[0] == 2
    for blob in sent:
        size = hub.path(blob).stat().st_size
        if size < len(BOTH) + 1000:
            hub.path(blob).unlink()
            code, told = fsck("--repair")
            assert code == 0 and faults(told) == ["blob_missing"]
            assert_whole(hub, fsck)


def test_a_damaged_xorb_takes_its_chunks_from_another_xorb(hub: Stored, fsck: Fsck) -> None:
    """Two of its seven chunks are in another tenant's xorb; the five others survived."""
    (whole,) = [
        blob for blob in hub.xorb_blobs() if hub.path(blob).stat().st_size == len(XET) + 7 * 8
    ]
    hub.flip(whole, at=70_000)  # in the second chunk
    code, told = fsck("--deep", "--repair")
    assert (code, told["repaired"]) == (0, 1)
    assert told["problems"][0]["repaired"] == "packed anew from its chunks"
    assert_whole(hub, fsck)


def test_a_form_of_a_xorb_that_one_repository_sees_is_packed_anew(hub: Stored, fsck: Fsck) -> None:
    """As a sender packed it who could not know that it was here: the stored form has its chunks."""
    (row,) = [
        row
        for row in hub.all(sa.select(xorbs).where(xorbs.c.view_start.is_(None)))
        if row.unpacked_bytes == len(XET)
    ]
    chunks = [XET[at : at + 60_000] for at in range(0, len(XET), 60_000)]
    other = Xorb(chunks, [1] * len(chunks))
    parser = XorbParser(lambda frames: None)
    parser.feed(other.body)
    name, table = parser.finish()
    assert name == row.hash
    with hub.store.begin() as writer:
        writer.write(other.body)
        blob = writer.commit()
    owners = sa.select(repositories.c.id, repositories.c.namespace_id)
    repo_id, account_id = hub.one(owners.limit(1))
    with hub.database.write() as conn:
        variants.add(conn, StoredXorb(name, blob, table), repo_id, account_id)
    assert_whole(hub, fsck)
    hub.path(blob.sha256).unlink()
    code, told = fsck("--repair")
    assert (code, told["problems"][0]["repaired"]) == (0, "packed anew from its chunks")
    assert_whole(hub, fsck)
    with hub.database.read() as conn:
        (seen,) = variants.among(conn, repo_id, [name]).values()
    assert seen.blob.sha256 != row.blob_sha256 or seen.chunks.packed == bytes(row.chunks)
    shelf = Shelf(hub.database, hub.store)
    assert b"".join(shelf.chunks(seen, 0, len(chunks))) == XET


def test_what_cannot_be_repaired_is_said_to_be_lost_and_left_as_it_is(
    hub: Stored, fsck: Fsck, filled: Path, tmp_path: Path
) -> None:
    hub.flip(sha256(LFS))
    broken = hub.path(sha256(LFS)).read_bytes()
    liar = shutil.copytree(filled, tmp_path / "liar")
    Stored(liar).flip(sha256(LFS), at=9)
    Stored(liar).path(sha256(LFS)).write_bytes(b"x" * len(LFS))
    for options in (("--repair",), ("--repair-from", liar)):
        code, told = fsck("--deep", *options)
        assert code == EXIT_NOT_WHOLE and faults(told) == ["blob_damaged"]
        assert told["problems"][0]["repaired"] is None
        assert [one["path"] for one in told["problems"][0]["concerns"]] == ["lfs.bin"]
        assert hub.path(sha256(LFS)).read_bytes() == broken
    assert hub.unreadable() == [sha256(LFS)]
    with hub.database.read() as conn:
        assert generations.generation(conn)  # clients forget what they believed to be here


def test_a_half_whole_copy_and_what_survived_complete_each_other(
    hub: Stored, fsck: Fsck, filled: Path, tmp_path: Path
) -> None:
    """Neither has the whole file: each has chunks that the other one lost."""
    hub.flip(sha256(LFS), at=10)
    other = Stored(shutil.copytree(filled, tmp_path / "other"))
    other.flip(sha256(LFS), at=len(LFS) - 10)
    code, told = fsck("--deep", "--repair-from", other.data)
    assert code == 0 and told["problems"][0]["repaired"] == "made from its Xet chunks"
    assert_whole(hub, fsck)


def test_a_xet_file_whose_row_is_wrong_becomes_a_blob_out_of_a_copy(
    hub: Stored, fsck: Fsck, filled: Path, tmp_path: Path
) -> None:
    terms = b"\1" * 44
    hub.run(xet_files.update().where(xet_files.c.sha256 == sha256(XET)).values(terms=terms))
    other = Stored(shutil.copytree(filled, tmp_path / "other"))
    with other.store.begin() as writer:
        writer.write(XET)
        writer.commit()
    code, told = fsck("--repair")
    assert code == EXIT_NOT_WHOLE and "file_terms" in faults(told)
    code, told = fsck("--repair-from", other.data)
    assert code == 0 and hub.unreadable() == []
    row = hub.one(sa.select(large_files).where(large_files.c.sha256 == sha256(XET)))
    assert row.is_blob and row.xet_hash is None  # a job gives it one


def test_a_repair_that_is_killed_leaves_what_was_there(
    hub: Stored, filled: Path, fsck: Fsck, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.flip(sha256(LFS))
    broken = hub.path(sha256(LFS)).read_bytes()

    class Killed(BaseException):
        pass

    def die(_: object) -> object:
        yield LFS[:1000]
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(copies, "_from_source", die)
        with pytest.raises(Killed):
            copies.copied(open_copy(str(filled), Settings()), hub.store, sha256(LFS), len(LFS))
    assert hub.path(sha256(LFS)).read_bytes() == broken
    assert fsck("--deep", "--repair-from", filled)[0] == 0


@pytest.mark.parametrize("seed", range(2))
def test_no_repair_makes_anything_worse(hub: Stored, fsck: Fsck, seed: int) -> None:
    """Random damage; what could be read before a repair can be read after it."""
    chance = random.Random(seed)
    harms: list[Callable[[str], object]] = [
        lambda blob: hub.path(blob).unlink(),
        lambda blob: hub.flip(blob, at=chance.randrange(hub.path(blob).stat().st_size)),
        lambda blob: hub.path(blob).write_bytes(b""),
    ]
    for blob in chance.sample(all_blobs(hub), 3):
        chance.choice(harms)(blob)
    before = set(hub.unreadable())
    code, told = fsck("--deep", "--repair")
    after = set(hub.unreadable())
    assert after <= before
    again, left = fsck("--deep")
    assert (again == 0) == (code == 0) and left["found"] <= told["found"] - told["repaired"]
    assert (not after) or code == EXIT_NOT_WHOLE
    assert hub.one(sa.select(sa.func.count()).select_from(xorbs))[0] > 0
