"""Xet's hashes: the reference's vectors, the stock client, and the tree built another way."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from pathlib import Path

import hf_xet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.xet import hashes
from tests.hub.xet import messages

# How the reference's chunking cuts its long test text.
_LENGTHS_OF_D = [
    30094, 27086, 12811, 111372, 121806, 9763, 38233, 24165, 72504, 64219, 131072, 131072,
    88047, 36169, 10902, 9124, 131072, 81172, 131072, 10291, 13936, 58285, 39299, 43509,
    48994, 12073, 90334, 131072, 123567, 32267, 131072, 11675, 78158, 10865,
]  # fmt: skip


def _chunks_of_d() -> list[tuple[bytes, int]]:
    content = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(65536))
    ends = list(itertools.accumulate(_LENGTHS_OF_D))
    assert ends[-1] == len(content)
    chunks = [content[end - length : end] for end, length in zip(ends, _LENGTHS_OF_D, strict=True)]
    return [(hashes.chunk_hash(chunk), len(chunk)) for chunk in chunks]


def _root(entries: Iterable[tuple[bytes, int]]) -> bytes:
    tree = hashes.MergeTree()
    for raw, length in entries:
        tree.add(raw, length)
    return tree.root()


def test_a_chunk_is_named_as_in_the_reference() -> None:
    named = hashes.to_text(hashes.chunk_hash(b"hello"))
    assert named == "9076ba12d998050b9c95c8bf770f943e6cad55c7490a82b76cf1582a2a05c2c2"


def test_a_file_of_one_chunk_is_named_as_in_the_reference() -> None:
    root = _root([(hashes.chunk_hash(b"hello"), 5)])
    named = hashes.to_text(hashes.file_hash(root))
    assert named == "48a3213a086cad271381aafe47232eb5df291a963cebbfec071972eff45eb422"


def test_the_long_text_of_the_reference_has_its_four_hashes() -> None:
    chunks = _chunks_of_d()
    root = _root(chunks)
    every_hash = b"".join(raw for raw, _ in chunks)
    assert [
        hashes.to_text(chunks[0][0]),
        hashes.to_text(root),
        hashes.to_text(hashes.file_hash(root)),
        hashes.to_text(hashes.verification_hash(every_hash)),
    ] == [
        "023bdba9015110e266373e050029d4420c3681d9e329a13662c65f326662bbd9",
        "cf5b6aa89eef3b97f1b9b77aafeb8f24f1404a470a5aadaa8a9620b6b418f240",
        "049afda4dc9fc53767b559f692b0a50001b72e49e84bd5bdcb6b86ba64864730",
        "4e527518315ecd7a0aae373e9ca1691db165236606fa010e4f26970a30b02212",
    ]


def test_the_text_form_swaps_bytes_inside_groups_of_eight() -> None:
    raw = bytes(range(32))
    expected = "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
    assert hashes.to_text(raw) == expected


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.integers(1, 131072)), min_size=1))
def test_the_tree_that_grows_from_the_left_is_the_tree_of_the_reference(
    entries: list[tuple[bytes, int]],
) -> None:
    assert _root(entries) == messages.merge(entries)


@given(
    st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.integers(1, 131072)), min_size=1),
    st.lists(st.integers(0, 40), max_size=5),
)
def test_leaves_added_together_make_the_same_tree(
    entries: list[tuple[bytes, int]], cuts: list[int]
) -> None:
    tree, start = hashes.MergeTree(), 0
    for end in [*sorted(cuts), len(entries)]:
        some = entries[start:end]
        tree.add_all(b"".join(raw for raw, _ in some), [length for _, length in some])
        start = max(start, end)
    assert tree.root() == messages.merge(entries)


@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 81, 82, 730, 5000])
def test_tall_trees_agree_too(count: int) -> None:
    entries = [(hashlib.sha256(b"%d" % i).digest(), i + 1) for i in range(count)]
    assert _root(entries) == messages.merge(entries)


def test_a_tree_without_leaves_has_no_root() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        _root([])


def test_the_stock_client_names_a_small_file_alike(tmp_path: Path) -> None:
    content = b"a small file is one chunk" * 100
    (tmp_path / "small").write_bytes(content)
    (named,) = hf_xet.hash_files([str(tmp_path / "small")])
    root = _root([(hashes.chunk_hash(content), len(content))])
    assert named.hash == hashes.to_text(hashes.file_hash(root))
