"""Where a key may be, and what is said when it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.signing.errors import BadKey
from paddock.signing.keys import create_key, load_private_key
from paddock.signing.private_keys import private_key_in, private_pem
from paddock.signing.public_keys import KINDS, Kind, kind_of
from paddock.signing.signers import load_signer


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_found_by_path_by_name_and_by_kind_and_name(tmp_path: Path, kind: Kind) -> None:
    own = tmp_path / "keys"
    key = create_key(own / "rel-1.pem", kind, "password")
    environ = {"PADDOCK_KEY_PASSWORD": "password"}
    fingerprints = {
        load_signer(where, tmp_path, own, environ).public_key.keyid
        for where in (
            "keys/rel-1.pem",
            "rel-1",
            "rel-1.pem",
            f"{kind}:rel-1",
            str(own / "rel-1.pem"),
        )
    }
    assert len(fingerprints) == 1
    assert kind_of(key.public_key()) == kind
    with pytest.raises(BadKey, match="encrypted"):
        load_signer("rel-1", tmp_path, own, {})
    with pytest.raises(BadKey, match="cannot be read"):
        load_signer("rel-1", tmp_path, own, {"PADDOCK_KEY_PASSWORD": "wrong"})


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("ed25519:rel-1", "is p256, not ed25519"),
        ("ed25519:none", "cannot be read"),
        ("nothing.pem", "cannot be read"),
        ("kms://oms-p256", "not a key that can be used"),
        ("tkey:", "not a key that can be used"),
        ("gcpkms:projects/x", "google"),
        ("awskms:1234", "AWS KMS requires"),
        ("azurekms://vault.example/keys/name/1", "azure"),
        ("hv:name/1", "hvac"),
    ],
)
def test_what_is_no_key_here_is_said(tmp_path: Path, where: str, said: str) -> None:
    """None of the libraries of key services is installed; which one is missing is said."""
    create_key(tmp_path / "keys" / "rel-1.pem", "p256", None)
    with pytest.raises(BadKey, match=said):
        load_signer(where, tmp_path, tmp_path / "keys", {})


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path / "a.pem", "ed25519", None)
    (tmp_path / "a.pem").chmod(0o644)
    with pytest.raises(BadKey, match="others may read"):
        load_private_key(tmp_path / "a.pem")


@pytest.mark.parametrize("kind", KINDS)
def test_pem_with_and_without_a_password_holds_the_same_key(tmp_path: Path, kind: Kind) -> None:
    key = create_key(tmp_path / "a.pem", kind, None)
    for password in (None, "password"):
        again = private_key_in(private_pem(key, password), password, "here")
        assert again.public_key() == key.public_key()


@pytest.mark.parametrize(
    "uri",
    [
        "hsm:abc", "hsm:-1", "hsm:2?label=a&label=b", "hsm:2?pin-value=1234", "hsm:2#other",
        "hsm:2?label=", "hsm:" + "9" * 5000, "hsm://host/2", "hsm:2?label=a;object=b",
        "pkcs11:token=a;object=b", "file:/etc/passwd", "ed25519:../../key", "a\0b",
    ],
)  # fmt: skip
def test_a_uri_with_something_odd_in_it_reaches_no_token(uri: str, tmp_path: Path) -> None:
    with pytest.raises(BadKey) as refused:
        load_signer(uri, tmp_path, tmp_path, {})
    assert "PYKCS11LIB" not in refused.value.message  # so far it never came
    assert len(refused.value.message) < 400
