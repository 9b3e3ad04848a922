"""A key that never leaves its token signs releases: SoftHSM2 is a real PKCS#11 module."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import model_signing
import pytest

from paddock.release.files.manifest import SIGNATURE_NAME
from paddock.release.verifying.verify import verify_folder
from paddock.signing.dsse import IN_TOTO, open_envelope, sign_envelope
from paddock.signing.errors import BadKey
from paddock.signing.key_services import PIN_VARIABLE
from paddock.signing.public_keys import kind_of, public_pem
from paddock.signing.signers import load_signer, public_key_of
from tests.release.publisher import SIGN, Publisher

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
           "/opt/homebrew/lib/softhsm/libsofthsm2.so")  # fmt: skip
MODULE = next((path for path in MODULES if Path(path).exists()), None)
PIN, LABEL = "1234", "paddock"

pytestmark = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None,
    reason="SoftHSM2 is not installed (scripts/debian-packages.sh)",
)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A token with a P-256 key (id 1) and a P-384 key (id 2)."""
    pkcs11 = pytest.importorskip("pkcs11", exc_type=ImportError)
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(config))
        patch.setenv("PYKCS11LIB", str(MODULE))
        patch.setenv(PIN_VARIABLE, PIN)
        command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL]
        subprocess.run(
            [*command, "--pin", PIN, "--so-pin", "5678"], check=True, capture_output=True
        )
        with pkcs11.lib(MODULE).get_token(token_label=LABEL).open(user_pin=PIN, rw=True) as session:
            for number, curve in ((1, "secp256r1"), (2, "secp384r1")):
                _make_key(session, number, curve)
        yield


def _make_key(session: object, number: int, curve: str) -> None:
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC,
        {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(curve)},
        local=True,
    )
    parameters.generate_keypair(store=True, id=bytes([number]), label=f"key-{number}")


@pytest.mark.parametrize(("number", "kind"), [(1, "p256"), (2, "p384")])
def test_a_key_on_a_token_signs_envelopes(
    token: None, tmp_path: Path, number: int, kind: str
) -> None:
    signer = load_signer(f"hsm:{number}?label={LABEL}", tmp_path)
    public = public_key_of(signer)
    assert kind_of(public) == kind
    raw = sign_envelope(b"x", IN_TOTO, [signer])
    assert open_envelope(raw, IN_TOTO, [public]).keyids == {signer.public_key.keyid}


def test_a_release_signed_by_a_token_is_taken_by_us_and_by_the_stock_oms_tool(
    token: None, tmp_path: Path
) -> None:
    publisher = Publisher(tmp_path)
    uri = f"hsm:1?label={LABEL}"
    folder = publisher.release("r", sign={**SIGN, "oms": {"key": uri}})
    pem = public_pem(public_key_of(load_signer(uri, tmp_path)))
    (tmp_path / "hsm.pub.pem").write_bytes(pem)
    assert verify_folder(folder, publisher.trust("hsm")).is_trusted
    model_signing.verifying.Config().use_elliptic_key_verifier(
        public_key=tmp_path / "hsm.pub.pem"
    ).verify(folder, folder / SIGNATURE_NAME)


def test_a_tokens_key_may_hold_a_role_of_update_metadata(token: None, tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    (tmp_path / "tuf-keys").mkdir()
    (tmp_path / "tuf-keys" / "targets.uri").write_text(f"hsm:1?label={LABEL}\n")
    folder = publisher.release("r")
    assert not (tmp_path / "tuf-keys" / "targets.pem").exists()
    trust = publisher.trust("oms", tuf=publisher.root())
    assert verify_folder(folder, trust).is_trusted


@pytest.mark.parametrize(
    ("uri", "said"),
    [("hsm:9?label=paddock", "could not find"), ("hsm:1?label=other", "No PKCS#11 token")],
)
def test_what_a_token_does_not_have_is_said(
    token: None, tmp_path: Path, uri: str, said: str
) -> None:
    with pytest.raises(BadKey, match=said):
        load_signer(uri, tmp_path)


def test_a_wrong_pin_is_an_error_of_the_key(
    token: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = load_signer(f"hsm:1?label={LABEL}", tmp_path)
    monkeypatch.setenv(PIN_VARIABLE, "0000")
    with pytest.raises(BadKey, match="PinIncorrect"):
        sign_envelope(b"x", IN_TOTO, [signer])
    monkeypatch.delenv(PIN_VARIABLE)
    with pytest.raises(BadKey, match="asks for its pin"):
        sign_envelope(b"x", IN_TOTO, [signer])
