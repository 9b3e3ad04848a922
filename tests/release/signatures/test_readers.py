"""What reads signed documents takes exactly what was written, whatever else it is given."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.release.errors import BadManifest
from paddock.release.signatures.release_statement import (
    ReleaseStatement,
    parse_statement,
    render_statement,
)
from paddock.release.signatures.tuf.chain import read_chain
from paddock.release.signatures.tuf.keys import create_role_keys
from paddock.release.signatures.tuf.repository import Repository, create, revoke
from paddock.release.signatures.tuf.revocations import Revocation, parse_revoked, render_revoked
from paddock.release.signatures.vouchers import Keyless, Vouchers, parse_vouchers
from paddock.signing.errors import BadSignature
from paddock.signing.private_keys import generate_key

NOW = datetime.now(UTC)
STATEMENT = ReleaseStatement("tiny", "1.0.0", "ab" * 32, "cd" * 32)
REVOKED = Revocation("release", "ab" * 32, "unsafe", "2026-11-20", "tiny", "1.0.0", "do not use")
OMS, OTHER = generate_key("p256").public_key(), generate_key("ed25519").public_key()
VOUCHERS = Vouchers(OMS, (OTHER,), 1, "ab" * 32, Keyless("ada@acme.example", "https://accounts"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@cache
def metadata() -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        repository = Repository(Path(folder) / "tuf", Path(folder) / "keys")
        create_role_keys(repository.keys, 1, None)
        create(repository, 1, NOW)
        return dict(revoke(repository, REVOKED, NOW).files)


def read(files: dict[str, bytes]) -> object:
    return read_chain(files, lambda name, limit: files[name][: limit + 1])


def test_metadata_is_read_as_it_was_written() -> None:
    assert read(metadata())


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_byte_of_the_metadata_may_be_another(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(metadata())))
    whole = metadata()[name]
    position = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadSignature):
        read({**metadata(), name: bytes(changed)})


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(metadata())), st.binary(max_size=60) | JSON)
def test_metadata_that_is_something_else_is_refused(name: str, content: Any) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(BadSignature):
        read({**metadata(), name: raw})
    with pytest.raises(BadSignature):
        read({path: raw for path, raw in metadata().items() if path != name})


def test_statement_revocations_and_vouchers_are_read_as_they_were_written() -> None:
    assert parse_statement(render_statement(STATEMENT)) == STATEMENT
    assert parse_revoked(render_revoked([REVOKED])) == (REVOKED,)
    assert parse_vouchers({"signatures": VOUCHERS.to_json()}).to_json() == VOUCHERS.to_json()
    assert parse_vouchers({}) == Vouchers()


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_documents_of_another_form_are_refused(document: Any) -> None:
    raw = json.dumps(document).encode()
    for parse in (parse_statement, parse_revoked):
        with pytest.raises(BadSignature):
            parse(raw)
    if document != {}:
        with pytest.raises(BadManifest):
            parse_vouchers({"signatures": document})


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "person"}, {"sha256": "ab"}, {"date": "yesterday"}, {"reason": " "},
        {"advisory": "x" * 2001}, {"name": 7},
    ],
)  # fmt: skip
def test_an_entry_of_the_revocations_that_is_not_right_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        parse_revoked(render_revoked([replace(REVOKED, **change)]))


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("dsse", {"threshold": 0}), ("dsse", {"threshold": 2}), ("dsse", {"threshold": True}),
        ("dsse", {"keys": []}), ("oms", {"key": {}}), ("oms", {"more": 1}),
        ("tuf", {"root": {"sha256": "ab"}}), ("keyless", {"identity": 7}), ("keyless", {"more": 1}),
    ],
)  # fmt: skip
def test_vouchers_that_cannot_sign_are_refused(section: str, change: dict[str, Any]) -> None:
    document = VOUCHERS.to_json()
    document[section] |= change
    with pytest.raises(BadManifest):
        parse_vouchers({"signatures": document})
