"""Git LFS pointers, as git-lfs writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.large.pointers import Pointer, parse_pointer, render_pointer

SHA256 = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
# The example of git-lfs's own specification.
EXAMPLE = (
    "version https://git-lfs.github.com/spec/v1\n"
    f"oid sha256:{SHA256}\n"
    "size 12345\n"
).encode()  # fmt: skip


def test_the_specification_s_example_is_what_we_write() -> None:
    assert render_pointer(Pointer(SHA256, 12345)) == EXAMPLE
    assert parse_pointer(EXAMPLE) == Pointer(SHA256, 12345)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(size_bytes: int, digest: bytes) -> None:
    pointer = Pointer(digest.hex(), size_bytes)
    assert parse_pointer(render_pointer(pointer)) == pointer


@pytest.mark.parametrize(
    "content",
    [
        b"",
        EXAMPLE[:-1],
        EXAMPLE + b"\n",
        EXAMPLE.replace(b"\n", b"\r\n"),
        EXAMPLE.replace(b"12345", b"-1"),
        EXAMPLE.replace(b"12345", b"012345"),
        EXAMPLE.replace(b"12345", b"9223372036854775808"),
        EXAMPLE.replace(b"12345", "١٢".encode()),
        EXAMPLE.replace(b"4d7a", b"4D7A"),
        EXAMPLE.replace(b"sha256:4", b"sha256:"),
        EXAMPLE.replace(b"v1", b"v2"),
        EXAMPLE + b"x" * 2000,
    ],
)
def test_anything_else_is_an_ordinary_file(content: bytes) -> None:
    assert parse_pointer(content) is None
