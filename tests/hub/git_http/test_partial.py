"""Partial clones: what is left out is left out, and comes when it is needed."""

from __future__ import annotations

import pytest

from paddock.hub.git_http.fetch_request import Filter, parse_filter
from paddock.hub.git_http.pkt_lines import BadGitRequest
from tests.hub.git_http.workshop import VERSIONS, Workshop


@pytest.fixture
def with_files(shop: Workshop) -> Workshop:
    shop.clone("source")
    for number in range(3):
        small, large = b"small %d" % number, b"large %d\n" % number * 500
        shop.commit("source", {"a/b/small.txt": small, "a/large.txt": large, "top.txt": small})
    shop.git("push", "-q", "origin", "main", at="source")
    return shop


def held(shop: Workshop, name: str) -> dict[str, int]:
    """How many objects of each type a clone has, without asking the hub for more."""
    listed = shop.git(
        "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)", at=name
    ).split()
    return {type_: listed.count(type_) for type_ in ("commit", "tree", "blob")}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("blob:none", {"commit": 4, "tree": 10, "blob": 0}),
        ("blob:limit=1k", {"commit": 4, "tree": 10, "blob": 3}),
        ("tree:0", {"commit": 4, "tree": 0, "blob": 0}),
        ("tree:1", {"commit": 4, "tree": 4, "blob": 0}),
        ("tree:2", {"commit": 4, "tree": 7, "blob": 4}),
        ("combine:blob:none+tree:2", {"commit": 4, "tree": 7, "blob": 0}),
    ],
)
def test_a_filter_leaves_out_what_it_says(
    with_files: Workshop, version: str, filter_: str, expected: dict[str, int]
) -> None:
    shop = with_files
    options = ("-c", f"protocol.version={version}", "clone", "-q", "--no-checkout")
    shop.git(*options, f"--filter={filter_}", shop.url, "part")
    assert held(shop, "part") == expected
    # Everything can be had when somebody looks.
    whole = shop.git("log", "-p", "--stat", "--format=%H", "HEAD", at="source")
    assert shop.git("log", "-p", "--stat", "--format=%H", "HEAD", at="part") == whole


@pytest.mark.parametrize("version", VERSIONS)
def test_a_partial_clone_follows_and_pushes(with_files: Workshop, version: str) -> None:
    shop = with_files
    spoken = ("-c", f"protocol.version={version}")
    shop.git(*spoken, "clone", "-q", "--filter=blob:none", shop.url, "part")
    shop.hf.upload_file(path_or_fileobj=b"n", path_in_repo="a/new.txt", repo_id=shop.repo_id)
    shop.git(*spoken, "pull", "-q", at="part")
    mine = shop.commit("part", {"a/b/mine.txt": b"mine"})
    shop.git(*spoken, "push", "-q", at="part")
    assert shop.hub_head() == mine
    shop.clone("whole")
    assert (shop.folder / "whole/a/new.txt").read_bytes() == b"n"


def test_a_filter_that_is_not_offered_is_named(with_files: Workshop) -> None:
    said = with_files.try_git(
        "clone", "-q", "--filter=sparse:oid=main:x", with_files.url, "no"
    ).said
    assert "is not offered here" in said or "400" in said


def test_filters_are_read() -> None:
    assert not Filter()
    assert parse_filter("blob:limit=2k") == Filter(max_blob_bytes=2048)
    assert parse_filter("combine:tree%3a3+blob:limit=5") == Filter(5, 3)
    assert parse_filter("object:type=tag").kinds == {4}
    for bad in ("", "blob:limit=-1", "tree:x", "sparse:oid=1", "combine:", "object:type=x"):
        with pytest.raises(BadGitRequest):
            parse_filter(bad)
