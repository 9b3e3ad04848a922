"""Signed text: what comes back, and what is refused."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.signing import BadSignature, SignatureExpired, check, sign, signing_key
from paddock.storage.database import Database

KEY = b"k" * 32
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)


def test_what_was_signed_comes_back_until_it_ends() -> None:
    signed = sign(KEY, "door", {"repo": 7, "ranges": [[1, 2]], "name": "é"}, SOON)
    assert check(KEY, "door", signed, NOW) == {"repo": 7, "ranges": [[1, 2]], "name": "é"}
    with pytest.raises(SignatureExpired):
        check(KEY, "door", signed, SOON)


def test_a_signature_is_for_one_purpose_and_one_key() -> None:
    signed = sign(KEY, "door", {}, SOON)
    for key, purpose in ((KEY, "window"), (KEY, "doo"), (b"other", "door")):
        with pytest.raises(BadSignature):
            check(key, purpose, signed, NOW)


@given(st.data())
def test_any_changed_character_is_refused(data: st.DataObject) -> None:
    signed = sign(KEY, "door", {"repo": 7}, SOON)
    at = data.draw(st.integers(0, len(signed) - 1))
    other = data.draw(st.characters().filter(lambda c: c != signed[at]))
    with pytest.raises(BadSignature):
        check(KEY, "door", signed[:at] + other + signed[at + 1 :], NOW)


@given(st.text(max_size=300))
def test_noise_is_refused(noise: str) -> None:
    with pytest.raises(BadSignature):
        check(KEY, "door", noise, NOW)


def test_text_of_any_length_is_refused_cheaply() -> None:
    with pytest.raises(BadSignature):
        check(KEY, "door", "a" * 10_000_000, NOW)


def test_all_servers_of_a_database_make_one_key(database: Database) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(signing_key(database))) for _ in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert signing_key(database) == keys[0]
