"""Kept packs: clones are equal whether one was used or not, and only reachable objects travel."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from paddock.hub.git_http import pack_cache
from paddock.hub.git_http.pack_cache import KeptPack, PackCache, Recording
from tests.hub.git_http.workshop import Workshop


@pytest.fixture
def with_history(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Enough objects to be worth keeping, pushed in one go over the hub's own first commit."""
    for module in ("pack_cache", "receive_pack"):
        monkeypatch.setattr(f"paddock.hub.git_http.{module}.MIN_OBJECTS", 20)
    shop.clone("source")
    shop.git("checkout", "-q", "--orphan", "fresh", at="source")
    for number in range(20):
        shop.commit("source", {"a/b.txt": b"%d\n" % number * 50, f"{number}.txt": b"x"})
    shop.git("tag", "-a", "v1", "-m", "one", at="source")
    shop.git(
        "push", "-q", "-f", "-o", "force", "--follow-tags", "origin", "fresh:main", at="source"
    )
    return shop


def kept(shop: Workshop) -> list[KeptPack]:
    with shop.server.hub.database.read() as conn:
        from paddock.hub import lookup
        from paddock.hub.names import RepositoryName
        from paddock.hub.types import Kind

        repo = lookup.find_repository(conn, RepositoryName(Kind.MODEL, *shop.repo_id.split("/")))
    assert repo is not None
    return shop.server.hub.packs.find(repo.id, by_offset=True)


def listed(shop: Workshop, name: str) -> set[str]:
    return set(shop.git("rev-list", "--objects", "--all", at=name).split("\n"))


def test_a_pushed_pack_serves_the_clones_that_follow(with_history: Workshop) -> None:
    shop = with_history
    [pack] = kept(shop)
    assert pack.tips == {shop.hub_head()}
    with patch.object(KeptPack, "read", autospec=True, side_effect=KeptPack.read) as read:
        shop.clone("one")
        assert read.call_count == 1
    assert listed(shop, "one") >= set(
        shop.git("rev-list", "--objects", "HEAD", at="source").split("\n")
    )


def test_what_is_newer_travels_behind_what_was_kept(with_history: Workshop) -> None:
    shop = with_history
    shop.hf.upload_file(path_or_fileobj=b"n", path_in_repo="a/new.txt", repo_id=shop.repo_id)
    shop.hf.create_tag(shop.repo_id, tag="v2", tag_message="two")
    with patch.object(KeptPack, "read", autospec=True, side_effect=KeptPack.read) as read:
        shop.clone("one")
        shop.clone("single", "--single-branch", "--no-tags")
        assert read.call_count == 2
    assert shop.head("one") == shop.hub_head()
    assert shop.git("cat-file", "-t", "v2", at="one") == "tag"


def test_a_pack_with_what_no_ref_leads_to_any_more_is_not_used(with_history: Workshop) -> None:
    shop = with_history
    gone = shop.hub_head()
    shop.hf.delete_tag(shop.repo_id, tag="v1")
    shop.hf.super_squash_history(shop.repo_id)
    shop.clone("one")
    assert not shop.try_git("cat-file", "-e", gone, at="one").is_ok


def test_a_made_pack_is_kept_and_used(with_history: Workshop) -> None:
    shop = with_history
    shop.server.hub.packs._packs.clear()
    shop.clone("one")
    assert len(kept(shop)) == 1
    with patch.object(KeptPack, "read", autospec=True, side_effect=KeptPack.read) as read:
        shop.clone("two")
        assert read.call_count == 1
    assert listed(shop, "one") == listed(shop, "two")
    [pack] = kept(shop)
    assert b"".join(pack.read())


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_cache, "MAX_BYTES", 1000)
    monkeypatch.setattr(pack_cache, "MIN_OBJECTS", 1)
    cache = PackCache()
    for number in range(10):
        recording = Recording(1)
        list(recording.taking([b"x" * 300]))
        pack = recording.pack([f"{number}"], [], b"")
        assert pack is not None
        cache.keep(number // 4, pack, by_offset=True)
    sizes = [len(cache.find(number, by_offset=True)) for number in range(3)]
    assert sum(sizes) <= 3
    assert sizes[2] == 2
    assert not cache.find(2, by_offset=False)


def test_a_pack_over_the_limit_is_not_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_cache, "MAX_PACK_BYTES", 10)
    recording = Recording(10_000)
    assert list(recording.taking([b"12345", b"678901", b"2"])) == [b"12345", b"678901", b"2"]
    assert recording.pack(["a"], [], b"") is None
