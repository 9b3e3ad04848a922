"""The pack that is stored: what restarts and other servers send, and what they must not send."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from huggingface_hub import CommitOperationAdd

from paddock.hub import lookup
from paddock.hub.context import Hub
from paddock.hub.garbage.collecting import collect
from paddock.hub.garbage.graces import Graces
from paddock.hub.git_http import packing, packing_requests, stored_packs
from paddock.hub.git_http.fetch_request import FetchRequest
from paddock.hub.git_http.pack_cache import Ids, KeptPack, PackCache, Recording
from paddock.hub.git_http.pkt_lines import Mark, read_packet
from paddock.hub.git_http.stored_packs import StoredPack
from paddock.hub.git_http.tables import kept_packs
from paddock.hub.git_http.upload_pack import _Fetch
from paddock.hub.jobs.tables import jobs
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind, Repository
from tests.hub.git_http.workshop import Workshop

OPTIONS = ("-q", "-f", "-o", "force")
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def small_packs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        ("pack_cache", "MIN_OBJECTS"),
        ("receive_pack", "MIN_OBJECTS"),
        ("stored_packs", "MIN_STORED_OBJECTS"),
        ("packing", "MIN_STORED_OBJECTS"),
    ):
        monkeypatch.setattr(f"paddock.hub.git_http.{module}.{name}", 20)


def with_history(shop: Workshop) -> Workshop:
    """A history whose pack is complete, pushed over the hub's own first commit."""
    shop.clone("source")
    shop.git("checkout", "-q", "--orphan", "fresh", at="source")
    # Two histories that were made alike in one second would be one blob.
    (shop.folder / "source/whose.txt").write_text(shop.user)
    for number in range(10):
        shop.commit("source", {"a/b.txt": b"%d\n" % number * 50, f"{number}.txt": b"%d" % number})
    shop.git("push", *OPTIONS, "origin", "fresh:main", at="source")
    shop.server.hub.packs._packs.clear()
    return shop


@pytest.fixture
def pushed(shop: Workshop) -> Workshop:
    return with_history(shop)


@pytest.fixture
def pushed_on_each(shop_on_each: Workshop) -> Workshop:
    return with_history(shop_on_each)


def repository(shop: Workshop) -> Repository:
    with shop.server.hub.database.read() as conn:
        repo = lookup.find_repository(conn, RepositoryName(Kind.MODEL, *shop.repo_id.split("/")))
    assert repo is not None
    return repo


def stored(shop: Workshop) -> StoredPack | None:
    with shop.server.hub.database.read() as conn:
        return stored_packs.find(conn, repository(shop).id)


def run_job(shop: Workshop) -> StoredPack | None:
    packing.keep_pack(shop.server.hub, {"repo_id": repository(shop).id})
    return stored(shop)


def restart(shop: Workshop) -> None:
    shop.server.hub.packs._packs.clear()


def objects(shop: Workshop, name: str) -> list[str]:
    """Every object that a clone received, as often as it came."""
    [index] = (shop.folder / name / ".git/objects/pack").glob("*.idx")
    lines = shop.git("verify-pack", "-v", str(index)).split("\n")
    return sorted(line[:40] for line in lines if len(line) > 41 and line[40] == " ")


def reached(shop: Workshop, name: str) -> list[str]:
    lines = shop.git("rev-list", "--objects", "--all", at=name).split("\n")
    return sorted({line[:40] for line in lines})


def clone_from_kept(shop: Workshop, *options: str) -> str:
    """A strict clone that was sent a kept pack, with exactly what its refs lead to."""
    name = f"clone{next(_numbers)}"
    with patch.object(KeptPack, "read", autospec=True, side_effect=KeptPack.read) as read:
        shop.clone(name, "-c", "transfer.fsckObjects=true", *options)
    assert read.call_count == 1
    assert objects(shop, name) == reached(shop, name)
    return name


def test_a_pushed_pack_survives_a_restart(pushed_on_each: Workshop) -> None:
    shop = pushed_on_each
    found = stored(shop)
    assert found is not None
    assert found.tips == {shop.hub_head()}
    name = clone_from_kept(shop)
    assert len(objects(shop, name)) == found.object_count
    assert not shop.server.hub.packs._packs


def test_the_stored_blob_is_a_pack_that_git_reads(pushed: Workshop) -> None:
    shop = pushed
    found = stored(shop)
    assert found is not None
    path = shop.server.hub.blobs.local_path(found.blob_sha256)
    assert path is not None
    target = shop.folder / "stored.pack"
    target.write_bytes(path.read_bytes()[: found.size_bytes])
    shop.git("index-pack", "--strict", str(target))


def test_what_is_newer_is_added_and_what_comes_again_is_not_sent_twice(pushed: Workshop) -> None:
    """A file that returns to what it was is in the kept pack already."""
    shop = pushed
    for content in (b"new", b"0\n" * 50):
        shop.hf.upload_file(path_or_fileobj=content, path_in_repo="a/b.txt", repo_id=shop.repo_id)
    name = clone_from_kept(shop)
    assert (shop.folder / name / "a/b.txt").read_bytes() == b"0\n" * 50
    assert shop.head(name) == shop.hub_head()


def test_a_job_makes_a_pack_of_commits_over_the_api(shop_on_each: Workshop) -> None:
    shop = shop_on_each
    for number in range(9):
        shop.hf.upload_file(
            path_or_fileobj=b"%d" % number, path_in_repo=f"d/{number}", repo_id=shop.repo_id
        )
    with shop.server.hub.database.read() as conn:
        waiting = sa.select(jobs.c.unique_key).where(jobs.c.kind == packing_requests.KEEP_PACK)
        assert f"repo-{repository(shop).id}" in conn.execute(waiting).scalars().all()
    first = run_job(shop)
    assert first is not None
    clone_from_kept(shop)
    assert run_job(shop) == first  # which serves


def test_the_next_pack_is_the_last_one_and_what_came_since(pushed: Workshop) -> None:
    shop = pushed
    before = stored(shop)
    operations = [CommitOperationAdd(f"a/n{number}", b"n%d" % number) for number in range(12)]
    shop.hf.create_commit(shop.repo_id, operations, commit_message="many")
    shop.hf.upload_file(path_or_fileobj=b"1\n" * 50, path_in_repo="a/b.txt", repo_id=shop.repo_id)
    with patch.object(KeptPack, "read", autospec=True, side_effect=KeptPack.read) as read:
        after = run_job(shop)
        assert read.call_count == 1
    assert before is not None
    assert after is not None
    assert after.tips == {shop.hub_head()}
    assert after.object_count > before.object_count
    assert len(objects(shop, clone_from_kept(shop))) == after.object_count


def test_what_a_forced_push_left_is_hidden_and_its_pack_let_go(pushed: Workshop) -> None:
    shop = pushed
    secret, old = shop.hub_head(), stored(shop)
    shop.git("checkout", "-q", "--orphan", "again", "fresh~5", at="source")
    for number in range(3):  # few, so that nothing else keeps the old pack from being used
        files = {f"c{number}-{n}.txt": b"c%d-%d" % (number, n) for n in range(8)}
        shop.commit("source", files)
    shop.git("push", *OPTIONS, "origin", "again:main", at="source")
    restart(shop)
    shop.clone("after")
    assert not shop.try_git("cat-file", "-e", secret, at="after").is_ok
    assert objects(shop, "after") == reached(shop, "after")
    new = run_job(shop)
    assert old is not None
    assert new is not None
    assert new.blob_sha256 != old.blob_sha256
    restart(shop)
    name = clone_from_kept(shop)
    assert not shop.try_git("cat-file", "-e", secret, at=name).is_ok
    collect(shop.server.hub.database, shop.server.hub.blobs, Graces.all(Graces().blobs * 0))
    assert shop.server.hub.blobs.size_bytes(old.blob_sha256) is None
    clone_from_kept(shop)


def test_files_removed_for_good_are_in_no_pack(pushed: Workshop) -> None:
    shop = pushed
    shop.hf.upload_file(
        path_or_fileobj=b"\0secret" * 1000, path_in_repo="model.bin", repo_id=shop.repo_id
    )
    shop.hf.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=shop.repo_id)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packing, "_SHARE", 1000)
        patched.setattr(packing, "MIN_STORED_OBJECTS", 2)
        before = run_job(shop)
    assert before is not None
    assert before.tips == {shop.hub_head()}
    pointer = shop.git("rev-parse", "HEAD:model.bin", at=clone_from_kept(shop))
    files = list(shop.hf.list_lfs_files(shop.repo_id))
    shop.hf.permanently_delete_lfs_files(shop.repo_id, files)
    shop.clone("after")
    assert not shop.try_git("cat-file", "-e", pointer, at="after").is_ok
    after = run_job(shop)
    assert after is not None
    assert after.blob_sha256 != before.blob_sha256
    name = clone_from_kept(shop)
    assert not shop.try_git("cat-file", "-e", pointer, at=name).is_ok


def test_a_history_that_became_small_keeps_no_pack(pushed: Workshop) -> None:
    shop = pushed
    shop.hf.super_squash_history(shop.repo_id)
    shop.clone("one")
    assert objects(shop, "one") == reached(shop, "one")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packing, "MIN_STORED_OBJECTS", 1000)
        assert run_job(shop) is None


def answer(hub: Hub, shop: Workshop) -> bytes:
    """The pack that a server sends for a clone of main."""
    request = FetchRequest(wants=[shop.hub_head()], words={"ofs-delta"}, is_done=True)
    path = shop.folder / "answer"
    path.write_bytes(b"".join(_Fetch(hub, repository(shop), request, {}).answer()))
    pack = b""
    with path.open("rb") as file:
        assert read_packet(file) == b"packfile\n"
        while (packet := read_packet(file)) is not Mark.FLUSH:
            assert isinstance(packet, bytes)
            if packet[0] == 1:
                pack += packet[1:]
    return pack


class Afar:
    """A blob store without files of this machine."""

    def __init__(self, near: object) -> None:
        self._near = near
        self.reads = 0

    def local_path(self, sha256: str) -> Path | None:
        return None

    def read(self, *arguments: object) -> Iterator[bytes]:
        self.reads += 1
        return self._near.read(*arguments)

    def __getattr__(self, name: str) -> object:
        return getattr(self._near, name)


def test_another_server_sends_the_same_bytes_also_from_a_store_afar(pushed: Workshop) -> None:
    shop, ours = pushed, pushed.server.hub
    afar = Afar(ours.blobs)
    other = Hub(ours.database, afar, None)
    with patch.object(KeptPack, "read", autospec=True, side_effect=KeptPack.read) as read:
        sent = [answer(hub, shop) for hub in (ours, other, other)]
    tip = shop.hub_head()  # the server's own work may be on other tests' packs meanwhile
    assert len([call for call in read.call_args_list if tip in call.args[0].tips]) == 3
    assert sent[0] == sent[1] == sent[2]
    assert afar.reads == 2  # entries and ids, once
    (shop.folder / "sent.pack").write_bytes(sent[0])
    shop.git("index-pack", "--strict", "sent.pack")


def test_a_blob_that_was_lost_is_as_if_there_were_none(pushed: Workshop) -> None:
    shop = pushed
    found = stored(shop)
    assert found is not None
    shop.server.hub.blobs.delete(found.blob_sha256)
    shop.clone("one")
    again = run_job(shop)
    assert again is not None
    restart(shop)
    clone_from_kept(shop)


def test_shallow_and_partial_clones_get_what_they_ask_for(pushed: Workshop) -> None:
    shop = pushed
    with patch.object(KeptPack, "read", autospec=True, side_effect=KeptPack.read) as read:
        shop.clone("shallow", "--depth", "1")
        shop.clone("partial", "--filter=blob:none", "--no-checkout")
    tip = shop.git("rev-parse", "HEAD", at="source")  # the server has other tests' packs, too
    assert [call for call in read.call_args_list if tip in call.args[0].tips] == []
    assert shop.git("rev-list", "--count", "HEAD", at="shallow") == "1"


def test_one_branch_of_several_is_served_from_main_s_pack(pushed: Workshop) -> None:
    shop = pushed
    shop.hf.create_branch(shop.repo_id, branch="dev")
    shop.hf.upload_file(
        path_or_fileobj=b"d", path_in_repo="dev.txt", repo_id=shop.repo_id, revision="dev"
    )
    shop.hf.create_tag(shop.repo_id, tag="v1", tag_message="one")
    name = clone_from_kept(shop, "--single-branch", "--branch", "main")
    assert not (shop.folder / name / "dev.txt").exists()
    clone_from_kept(shop)


def test_a_pack_for_a_pull_request_replaces_nothing(pushed: Workshop) -> None:
    shop = pushed
    before = stored(shop)
    request = shop.hf.create_pull_request(shop.repo_id, title="other")
    shop.git("fetch", "-q", "origin", f"refs/pr/{request.num}", at="source")
    shop.git("checkout", "-q", "--orphan", "pr", at="source")
    for number in range(15):
        shop.commit("source", {"p.txt": b"%d" % number, f"p{number}": b"p%d" % number})
    shop.git("push", *OPTIONS, "origin", f"pr:refs/pr/{request.num}", at="source")
    assert stored(shop) == before
    restart(shop)
    name = clone_from_kept(shop)
    assert not shop.try_git("cat-file", "-e", shop.head("source"), at=name).is_ok


def test_a_deleted_repository_takes_its_pack_along(pushed: Workshop) -> None:
    shop = pushed
    repo, found = repository(shop), stored(shop)
    assert found is not None
    shop.hf.delete_repo(shop.repo_id)
    with shop.server.hub.database.read() as conn:
        rows = sa.select(kept_packs.c.repo_id).where(kept_packs.c.repo_id == repo.id)
        assert conn.execute(rows).first() is None
    packing.keep_pack(shop.server.hub, {"repo_id": repo.id})  # a job that was waiting
    for _ in range(3):  # the server's own sweep may be at it, too, and each works in two phases
        collect(shop.server.hub.database, shop.server.hub.blobs, Graces.all(Graces().blobs * 0))
    assert shop.server.hub.blobs.size_bytes(found.blob_sha256) is None


def test_ids_are_found_in_the_order_of_bytes() -> None:
    recording = Recording(20)
    oids = [bytes([number]) * 20 for number in range(0, 200, 7)]
    list(recording.taking([b"entries"]))
    pack = recording.pack(["a"], [], b"".join(oids))
    assert pack is not None
    PackCache().keep(1, pack, by_offset=True)
    ids = Ids(pack.read_ids)
    assert [number for number in range(256) if bytes([number]) * 20 in ids] == [*range(0, 200, 7)]
    assert b"".join(pack.read()) == b"entries"
