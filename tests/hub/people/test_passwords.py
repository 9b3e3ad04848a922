"""Passwords at rest: verified, never given back, and costly to guess."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from paddock.hub.people import passwords
from paddock.hub.people.passwords import (
    BadPassword,
    TooManySignIns,
    hash_password,
    is_outdated,
    verify_password,
)


def of_old(password: bytes) -> str:
    """As an earlier paddock stored one."""
    key = Scrypt(salt=b"saltsalt", length=32, n=16, r=1, p=1).derive(password)
    return "scrypt$16$1$1$c2FsdHNhbHQ=$" + base64.b64encode(key).decode()


def test_a_password_is_verified_and_others_are_not() -> None:
    stored = hash_password("correct horse")
    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert verify_password("correct horse", stored)
    assert not verify_password("correct horsf", stored)
    assert not verify_password("", stored)


def test_the_same_password_is_never_stored_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", passwords.Cost(8, 1, 1))
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first != second
    assert "correct" not in first


def test_an_account_without_a_password_has_no_right_one() -> None:
    assert not verify_password("", None)
    assert not verify_password("anything", None)
    assert not verify_password("anything", "md5$5f4dcc3b5aa765d61d8327deb882cf99")


def test_what_was_stored_in_another_way_is_verified_and_known_as_outdated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = of_old(b"old password")
    assert verify_password("old password", old) and is_outdated(old)
    assert not verify_password("new password", old)
    with monkeypatch.context() as cheaper:
        cheaper.setattr(passwords, "COST", passwords.Cost(8, 1, 1))
        cheap = hash_password("old password")
        assert not is_outdated(cheap)
    assert verify_password("old password", cheap) and is_outdated(cheap)


def test_memory_is_bounded_however_many_try_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four compute, sixteen wait, and the next is sent away at once."""
    inside, most, go_on = [0], [0], threading.Event()
    full, lock = threading.Event(), threading.Lock()

    class Slow:
        def derive(self, secret: bytes) -> bytes:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                if inside[0] == passwords.AT_ONCE:
                    full.set()
            assert go_on.wait(30)
            with lock:
                inside[0] -= 1
            return b""

    monkeypatch.setattr(passwords, "_argon2id", lambda salt: Slow())
    places = passwords.AT_ONCE + passwords.MAX_WAITING
    with ThreadPoolExecutor(places) as pool:
        tries = [pool.submit(verify_password, "x", None) for _ in range(places)]
        assert full.wait(30)
        while passwords._places._value:  # type: ignore[attr-defined]
            threading.Event().wait(0.001)
        with pytest.raises(TooManySignIns):
            verify_password("x", None)
        go_on.set()
        assert [one.result() for one in tries] == [False] * places
    assert most[0] == passwords.AT_ONCE
    assert verify_password("x", None) is False  # there is room again


@pytest.mark.parametrize("password", ["", "short", "x" * 1025, "é" * 600])
def test_a_password_too_short_or_too_long_is_refused_without_being_shown(password: str) -> None:
    with pytest.raises(BadPassword) as refused:
        hash_password(password)
    assert not password or password not in str(refused.value)
