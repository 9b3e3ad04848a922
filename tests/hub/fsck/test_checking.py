"""What is wrong with a store is found, named, and told with the files that it concerns."""

from __future__ import annotations

import hashlib
import json
import os
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
import sqlalchemy as sa

from paddock.hub.fsck import blobs as blob_checks
from paddock.hub.fsck import running
from paddock.hub.fsck.checkers import Checking
from paddock.hub.fsck.findings import Fault, Findings
from paddock.hub.fsck.promises import Promise
from paddock.hub.fsck.repairing import Repairs
from paddock.hub.fsck.running import check_store
from paddock.hub.garbage.collecting import collect
from paddock.hub.garbage.graces import Graces
from paddock.hub.garbage.referrers import naming_columns
from paddock.hub.holdings.telling import report
from paddock.hub.large.tables import xet_chunks, xet_file_xorbs
from paddock.hub.tables import git_objects, large_files, refs, xet_files, xorbs
from paddock.storage.errors import StorageFailed
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.buckets import new_bucket
from tests.hub.api.hosted import host
from tests.hub.fsck.conftest import Fsck
from tests.hub.fsck.stored import GIT, LFS, XET, Stored
from tests.hub.stories import by_lfs, by_xet
from tests.live import LiveServer

EXIT_NOT_WHOLE = 4


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def faults(told: dict[str, Any]) -> list[str]:
    return [one["fault"] for one in told["problems"]]


def test_a_store_that_real_uploads_filled_is_whole(hub: Stored, fsck: Fsck) -> None:
    for options in ((), ("--deep",), ("--deep", "--repair")):
        code, told = fsck(*options)
        assert (code, told["whole"], told["problems"]) == (0, True, [])
        assert told["checked"]["blobs"] >= 6 and told["checked"]["xet_files"] >= 4
    assert hub.unreadable() == []


def test_a_missing_blob_is_told_with_repository_and_path(hub: Stored, fsck: Fsck) -> None:
    hub.path(sha256(LFS)).unlink()
    code, told = fsck()
    (problem,) = told["problems"]
    assert code == EXIT_NOT_WHOLE and not told["whole"]
    assert (problem["fault"], problem["name"]) == ("blob_missing", sha256(LFS))
    (whose,) = problem["concerns"]
    assert whose["path"] == "lfs.bin" and whose["repository"].endswith("/repo")


def test_a_file_in_git_is_told_with_every_repository_that_has_it(hub: Stored, fsck: Fsck) -> None:
    hub.path(sha256(GIT)).unlink()
    _, told = fsck()
    (problem,) = told["problems"]
    assert {one["path"] for one in problem["concerns"]} == {"notes.txt", "folder/notes.txt"}
    assert problem["concerns_count"] == 2


def test_a_blob_that_was_cut_off_is_found_without_reading_it(hub: Stored, fsck: Fsck) -> None:
    with hub.path(sha256(LFS)).open("r+b") as file:
        file.truncate(len(LFS) - 1)
    code, told = fsck()
    assert code == EXIT_NOT_WHOLE and faults(told) == ["blob_damaged"]


def test_a_flipped_byte_is_found_by_reading_and_told_once(hub: Stored, fsck: Fsck) -> None:
    for blob in (sha256(LFS), hub.xorb_blobs()[0]):
        before = hub.flip(blob)
        assert fsck()[0] == 0  # sizes are right: only a deep look can tell
        code, told = fsck("--deep")
        assert code == EXIT_NOT_WHOLE and faults(told) == ["blob_damaged"]
        assert told["problems"][0]["concerns_count"] >= 1
        hub.path(blob).write_bytes(before)


def _drop_file(hub: Stored) -> None:
    of_xet = sa.select(large_files.c.xet_hash).where(large_files.c.sha256 == sha256(XET))
    hub.run(xet_files.delete().where(xet_files.c.hash.in_(of_xet)))


def _other_digest(hub: Stored) -> None:
    same = xet_files.c.sha256 == sha256(XET)
    hub.run(xet_files.update().where(same).values(sha256="0" * 64))


def _cut_terms(hub: Stored) -> None:
    row = hub.one(sa.select(xet_files).where(xet_files.c.sha256 == sha256(XET)))
    same = xet_files.c.hash == row.hash
    hub.run(xet_files.update().where(same).values(terms=bytes(row.terms)[:-1]))


def _terms_beyond(hub: Stored) -> None:
    row = hub.one(sa.select(xet_files).where(xet_files.c.sha256 == sha256(XET)))
    terms = bytes(row.terms)[:-4] + (9999).to_bytes(4, "little")
    hub.run(xet_files.update().where(xet_files.c.hash == row.hash).values(terms=terms))


def _neither(hub: Stored) -> None:
    same = large_files.c.sha256 == sha256(XET)
    hub.run(large_files.update().where(same).values(xet_hash=None))


def _object_of_another_id(hub: Stored) -> None:
    rows = git_objects.c.type == 2
    row = hub.one(sa.select(git_objects).where(rows).limit(1))
    hub.run(git_objects.delete().where(git_objects.c.oid == row.oid))


def _ref_to_nothing(hub: Stored) -> None:
    hub.run(refs.update().values(commit_oid="1" * 40))


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (_drop_file, {"file_nowhere"}),
        (_other_digest, {"file_nowhere"}),
        (_cut_terms, {"file_terms"}),
        (_terms_beyond, {"file_terms"}),
        (_neither, {"file_nowhere"}),
        (_object_of_another_id, {"git_object_missing"}),
        (_ref_to_nothing, {"git_object_missing"}),
    ],
)
def test_rows_that_contradict_each_other_are_found_without_reading_bytes(
    hub: Stored, fsck: Fsck, harm: Any, found: set[str]
) -> None:
    harm(hub)
    code, told = fsck()
    assert code == EXIT_NOT_WHOLE and set(faults(told)) == found


def test_a_git_object_with_other_bytes_is_found_by_reading(hub: Stored, fsck: Fsck) -> None:
    row = hub.one(sa.select(git_objects).where(git_objects.c.type == 1).limit(1))
    same = git_objects.c.oid == row.oid
    hub.run(git_objects.update().where(same).values(content=bytes(row.content) + b"\n"))
    assert fsck()[0] == 0
    code, told = fsck("--deep")
    assert code == EXIT_NOT_WHOLE and "git_object_damaged" in faults(told)


def test_rows_that_can_be_made_anew_are_found_and_made_anew(hub: Stored, fsck: Fsck) -> None:
    """The table of a xorb, the rows that keep a file's xorbs, the index of chunks."""
    xorb = hub.one(sa.select(xorbs).where(xorbs.c.view_start.is_(None)).limit(1))
    table = bytes(xorb.chunks)
    broken = table[:32] + b"\1\0\0\0" + table[36:]
    same = xorbs.c.hash == xorb.hash
    hub.run(xorbs.update().where(same).values(chunks=broken, is_indexed=True))
    hub.run(xet_file_xorbs.delete().where(xet_file_xorbs.c.xorb_hash == xorb.hash))
    hub.run(xet_chunks.insert().values(chunk_hash="f" * 64, xorb_hash=xorb.hash))
    code, told = fsck()
    assert code == EXIT_NOT_WHOLE
    code, told = fsck("--repair")
    assert code == 0 and {"xorb_table", "file_links", "chunk_index"} <= set(faults(told))
    assert fsck("--deep") == (0, {**fsck("--deep")[1], "problems": []})
    assert bytes(hub.one(sa.select(xorbs).where(same)).chunks) == table
    assert hub.unreadable() == []


def test_every_column_that_names_blobs_is_one_that_promises_them(hub: Stored) -> None:
    """A column of digests that are no blobs' says so, else every row of it would be a fault."""
    assert {f"{one.table.name}.{one.name}" for one in naming_columns()} == {
        "attachments.sha256",
        "git_objects.blob_sha256",
        "kept_packs.blob_sha256",
        "large_files.sha256",
        "xorb_variants.blob_sha256",
        "xorbs.blob_sha256",
    }


def test_a_check_that_was_killed_goes_on_where_it_was(
    hub: Stored, fsck: Fsck, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.path(sha256(LFS)).unlink()
    looked: list[str] = []
    really = blob_checks.fault_of

    def fault_of(store: Any, promise: Any, **options: Any) -> Any:
        if len(looked) == 4:
            raise KeyboardInterrupt
        looked.append(promise.sha256)
        return really(store, promise, **options)

    monkeypatch.setattr(running, "_SAVE_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(blob_checks, "fault_of", fault_of)
        code, _ = fsck("--deep")
        assert code == 1
    assert json.loads((hub.data / "fsck.json").read_text())["after"] == looked[-1]
    code, told = fsck("--resume")
    assert code == 1 and told["error"]["code"] == "nothing_to_resume"  # it was a deep one
    seen: list[str] = []
    monkeypatch.setattr(
        blob_checks,
        "fault_of",
        lambda store, promise, **o: seen.append(promise.sha256) or really(store, promise, **o),
    )
    code, told = fsck("--deep", "--resume")
    assert code == EXIT_NOT_WHOLE and faults(told) == ["blob_missing"]
    assert not set(seen) & set(looked) and told["checked"]["blobs"] == len(seen) + len(looked)
    assert not (hub.data / "fsck.json").exists()


def test_a_folder_without_blobs_is_no_second_copy(fsck: Fsck, tmp_path: Path) -> None:
    code, told = fsck("--repair-from", tmp_path)
    assert code == 1 and told["error"]["code"] == "no_such_copy"


def test_the_store_behind_a_running_server_is_checked_on_either_database(
    server_on_each: LiveServer,
) -> None:
    content = os.urandom(150_000)
    with host(server_on_each) as hosted:
        by_lfs(hosted, "a.bin", content)
        by_xet(hosted, "b.bin", content + b"more")
        server_on_each.run_jobs()
        hub = server_on_each.hub
        for hurts, found in ((False, 0), (True, 1)):
            if hurts:
                hub.blobs.delete(sha256(content))
            findings = Findings()
            running.check_store(Checking(hub.database, hub.blobs, findings, is_deep=True))
            assert findings.found == found, findings.told
        repairs = Repairs(hub.database, hub.blobs)
        findings = Findings()
        running.check_store(Checking(hub.database, hub.blobs, findings, True, repairs))
        assert not findings.is_whole  # nothing else has the bytes


def test_a_store_whose_versions_share_their_chunks_is_whole_and_gives_back_what_is_removed(
    server: LiveServer,
) -> None:
    """The second version came by git-lfs and is kept as what is new in it; then one goes."""
    first = random.Random(5).randbytes(3_000_000)
    second = first[:1_500_000] + b"an insertion" + first[1_500_000:]
    hub = server.hub
    with host(server) as one, host(server) as two:
        by_lfs(one, "a.bin", first)
        by_lfs(two, "b.bin", second)
        server.run_jobs()
        nothing = Graces.all(timedelta(0))
        collect(hub.database, hub.blobs, nothing)
        stored = report(hub.database, hub.blobs)
        shares = {share.name: share for share in stored.repositories}
        assert stored.stored.bytes < 1.2 * len(first)
        assert shares[one.repo_id].shared_bytes == shares[two.repo_id].shared_bytes > 2_000_000
        findings = Findings()
        check_store(Checking(hub.database, hub.blobs, findings, is_deep=True))
        assert findings.told == []
        two.hf.delete_repo(two.repo_id)
        collect(hub.database, hub.blobs, nothing)
        left = stored.stored.bytes - report(hub.database, hub.blobs).stored.bytes
        assert left == shares[two.repo_id].alone_bytes > 0
        check_store(Checking(hub.database, hub.blobs, findings, is_deep=True))
        assert findings.told == []


def test_a_bucket_is_checked_like_a_folder_and_one_that_does_not_answer_is_not_blamed() -> None:
    bucket = new_bucket()
    store = S3BlobStore(S3Connection(bucket))
    with store.begin() as writer:
        writer.write(b"bytes")
        blob = writer.commit()
    promise = Promise(*blob)
    assert blob_checks.fault_of(store, promise, is_deep=True) is None
    obstore.put(store._connection.requests, f"blobs/{blob.sha256[:2]}/{blob.sha256}", b"other")
    assert blob_checks.fault_of(store, promise, is_deep=False) is None
    found = blob_checks.fault_of(store, promise, is_deep=True)
    assert found is not None and found[0] is Fault.BLOB_DAMAGED
    store.delete(blob.sha256)
    found = blob_checks.fault_of(store, promise, is_deep=False)
    assert found is not None and found[0] is Fault.BLOB_MISSING
    strange = S3BlobStore(S3Connection(replace(bucket, secret_key="wrong")))
    with pytest.raises(StorageFailed):
        blob_checks.fault_of(strange, promise, is_deep=False)
