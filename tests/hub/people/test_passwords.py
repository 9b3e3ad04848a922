"""Passwords at rest: verified, never given back, and costly to guess."""

from __future__ import annotations

import pytest

from paddock.hub.people.passwords import BadPassword, hash_password, verify_password


def test_a_password_is_verified_and_others_are_not() -> None:
    stored = hash_password("correct horse")
    assert verify_password("correct horse", stored)
    assert not verify_password("correct horsf", stored)
    assert not verify_password("", stored)


def test_the_same_password_is_never_stored_the_same_way() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first != second
    assert "correct" not in first
    assert first.startswith("scrypt$32768$8$")


def test_an_account_without_a_password_has_no_right_one() -> None:
    assert not verify_password("", None)
    assert not verify_password("anything", None)


def test_costs_are_read_from_what_is_stored() -> None:
    # Made with smaller costs (n=16), as an older or a later version may have.
    stored = "scrypt$16$1$1$c2FsdHNhbHQ=$"
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    key = Scrypt(salt=b"saltsalt", length=32, n=16, r=1, p=1).derive(b"old password")
    import base64

    assert verify_password("old password", stored + base64.b64encode(key).decode())


@pytest.mark.parametrize("password", ["", "short", "x" * 1025, "é" * 600])
def test_a_password_too_short_or_too_long_is_refused_without_being_shown(password: str) -> None:
    with pytest.raises(BadPassword) as refused:
        hash_password(password)
    assert not password or password not in str(refused.value)
