"""A commit's body: read line by line, and every line that is wrong named."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import BadInput, PaddockError, TooLarge
from paddock.hub.errors import BadPath
from paddock.hub.git.operations import MAX_OPERATIONS, AddFile, AddLarge, Delete, DeleteFolder
from paddock.hub.http import commit_body
from paddock.hub.http.commit_body import CommitBody, read_commit_body
from paddock.storage.local_blobs import LocalBlobStore

HEADER = {"key": "header", "value": {"summary": "title", "description": ""}}
SHA256 = "ab" * 32


def line(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


def file(path: str, content: bytes) -> dict[str, Any]:
    return line("file", path=path, content=base64.b64encode(content).decode(), encoding="base64")


def read(blobs: LocalBlobStore, *lines: Any, end: bytes = b"\n") -> CommitBody:
    return read_commit_body(io.BytesIO(b"\n".join(map(orjson.dumps, lines)) + end), blobs)


@pytest.mark.parametrize("end", [b"\n", b"", b"\n\n \n"])
def test_every_operation_is_read_in_order(blobs: LocalBlobStore, end: bytes) -> None:
    body = read(
        blobs,
        line("header", summary=" title ", description="more\n", parentCommit="abcdef1"),
        file("a", b"\0\xff"),
        line("file", path="b", content="é", encoding="utf-8"),
        line("lfsFile", path="m", algo="sha256", oid=SHA256, size=3),
        line("lfsFile", path="n", algo="sha256", oid=SHA256),
        line("deletedFile", path="c"),
        line("deletedFolder", path="d/"),
        end=end,
    )
    assert (body.message, body.parent_commit) == ("title\n\nmore", "abcdef1")
    first, second, *others = body.operations
    assert isinstance(first, AddFile) and first.blob.content == b"\0\xff"
    assert isinstance(second, AddFile) and second.blob.content == "é".encode()
    assert others == [
        AddLarge("m", SHA256, 3), AddLarge("n", SHA256, None), Delete("c"), DeleteFolder("d"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [file("a", b"")],
        [HEADER, HEADER],
        [line("header")],
        [line("header", summary="")],
        [line("header", summary=3)],
        [line("header", summary="a\0b")],
        [line("header", summary="a", parentCommit="main")],
        [line("header", summary="a", parentCommit=7)],
        [line("header", summary="a", description=["x"])],
        [HEADER, "text"],
        [HEADER, 3],
        [HEADER, None],
        [HEADER, []],
        [HEADER, {"key": "file"}],
        [HEADER, {"key": 1, "value": {}}],
        [HEADER, {"key": "file", "value": []}],
        [HEADER, line("copyFile", path="a")],
        [HEADER, line("file", path="a")],
        [HEADER, line("file", path=1, content="")],
        [HEADER, line("file", path="a", content="?", encoding="base64")],
        [HEADER, line("file", path="a", content="YQ", encoding="base64")],
        [HEADER, line("file", path="a", content="YQ==", encoding="rot13")],
        [HEADER, line("file", path="a", content=5, encoding="base64")],
        [HEADER, line("lfsFile", path="a", oid="abc")],
        [HEADER, line("lfsFile", path="a", oid=SHA256.upper())],
        [HEADER, line("lfsFile", path="a", oid=SHA256, size=-1)],
        [HEADER, line("lfsFile", path="a", oid=SHA256, size="3")],
        [HEADER, line("lfsFile", path="a", oid=SHA256, size=True)],
        [HEADER, line("deletedFile")],
    ],
)
def test_a_malformed_body_is_refused_with_400(blobs: LocalBlobStore, lines: list[Any]) -> None:
    with pytest.raises(BadInput) as caught:
        read(blobs, *lines)
    assert caught.value.status == 400


@pytest.mark.parametrize("key", ["file", "lfsFile", "deletedFile", "deletedFolder"])
@pytest.mark.parametrize("path", ["", "/a", "../a", "a/../b", ".git/x", "a\nb", "a//b"])
def test_every_operation_s_path_is_checked(blobs: LocalBlobStore, key: str, path: str) -> None:
    with pytest.raises(BadPath):
        read(blobs, HEADER, line(key, path=path, content="", oid=SHA256))


def test_text_that_is_no_unicode_is_refused(blobs: LocalBlobStore) -> None:
    raw = orjson.dumps(HEADER) + b'\n{"key":"deletedFile","value":{"path":"\\ud800"}}'
    with pytest.raises(BadInput):
        read_commit_body(io.BytesIO(raw), blobs)
    with pytest.raises(BadInput):
        read_commit_body(io.BytesIO(b"\xff\xfe"), blobs)


def test_sizes_are_bounded(blobs: LocalBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLarge, match="characters"):
        read(blobs, line("header", summary="x" * 70_000))
    monkeypatch.setattr(commit_body, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(commit_body, "MAX_LINE_BYTES", 4000)
    read(blobs, HEADER, file("a", b"x" * 1000))
    with pytest.raises(TooLarge, match="1001 bytes"):
        read(blobs, HEADER, file("a", b"x" * 1001))
    with pytest.raises(TooLarge, match="line 2"):
        read(blobs, HEADER, file("a", b"x" * 5000))
    many = [line("deletedFile", path="a")] * (MAX_OPERATIONS + 1)
    with pytest.raises(TooLarge, match="operations"):
        read(blobs, HEADER, *many)


def test_larger_files_are_in_the_blob_store_before_the_commit(
    blobs: LocalBlobStore, tmp_path: Path
) -> None:
    content = b"t" * 100_000
    (operation,) = read(blobs, HEADER, file("tokenizer.json", content)).operations
    assert isinstance(operation, AddFile)
    assert operation.blob.content is None and operation.blob.size_bytes == 100_000
    assert operation.blob.blob_sha256 is not None
    assert b"".join(blobs.read(operation.blob.blob_sha256)) == content
    (card,) = read(blobs, HEADER, file("README.md", content)).operations
    assert isinstance(card, AddFile) and card.blob.content == content


def test_memory_is_bounded_whatever_the_number_of_files(
    blobs: LocalBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_body, "INLINE_BUDGET_BYTES", 10_000)
    operations = read(
        blobs, HEADER, *(file(f"f{n}", b"%02d" % n * 2000) for n in range(20))
    ).operations
    kept = [op for op in operations if isinstance(op, AddFile) and op.blob.content is not None]
    assert sum(op.blob.size_bytes for op in kept) <= 10_000
    assert len(operations) == 20


@given(st.binary(max_size=300))
def test_no_bytes_are_a_failure_of_ours(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    blobs = LocalBlobStore(tmp_path_factory.getbasetemp() / "blobs")
    for body in (raw, orjson.dumps(HEADER) + b"\n" + raw):
        try:
            read_commit_body(io.BytesIO(body), blobs)
        except PaddockError as error:
            assert error.status < 500


def test_empty_lines_are_counted_too(blobs: LocalBlobStore) -> None:
    with pytest.raises(TooLarge):
        read(blobs, HEADER, end=b"\n" * (commit_body.MAX_LINES + 1))


@pytest.mark.parametrize(
    "line",
    [
        b"[" + b"[]," * 6_900_000 + b"[]]",
        b'{"key":"file","value":{"a":' + b'"",' * 5_000_000 + b"}}",
        b'{"key":"file","value":' + b"[" * 5_000_000 + b"]" * 5_000_000 + b"}",
        b'{"key":"file","value":{"path":"a","content":"' + b"a" * 100_000 + b'"' + b" " * 9_000,
    ],
)
def test_a_long_line_of_many_values_is_refused_before_it_is_parsed(
    line: bytes, blobs: LocalBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []
    real = orjson.loads

    def watch(text: bytes) -> Any:
        parsed.append(len(text))
        return real(text)

    monkeypatch.setattr("paddock.hub.http.commit_body.orjson.loads", watch)
    header = b'{"key":"header","value":{"summary":"x"}}\n'
    with pytest.raises(BadInput, match="more than a few values"):
        read_commit_body(io.BytesIO(header + line), blobs)
    assert parsed == [len(header)]


@given(st.text(alphabet=st.sampled_from('"\\\n x[]{},:é')))
def test_any_text_may_be_a_long_file(text: str) -> None:
    value = {"path": "a", "content": text * 20_000 + "x" * 70_000, "encoding": "utf-8"}
    key, read = commit_body._parse_line(2, orjson.dumps({"key": "file", "value": value}))
    assert (key, read) == ("file", value)
