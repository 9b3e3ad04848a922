"""A release that two people sign on two machines: what is missing, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from paddock.release.signatures.sign import Place
from paddock.release.signatures.standing import read_signed
from paddock.release.spec.sign import Sign
from paddock.release.verifying.whole import require_whole
from paddock.signing.dsse import (
    IN_TOTO,
    Sealed,
    parse_envelope,
    pre_authentication_encoding,
    render_envelope,
    sign_envelope,
)
from paddock.signing.errors import BadKey
from paddock.signing.keys import create_key
from paddock.signing.signers import load_signer
from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.publisher import NOW
from tests.release.signed import write_vouched

ON_A = {"keys": ["ada.pem", "bob.pub.pem", "cid.pub.pem"], "threshold": 2}


class TwoMachines:
    """Ada's machine, where the release is built, and Bob's, which has his key and nothing else."""

    def __init__(self, folder: Path, paddock: Paddock) -> None:
        self.ada, self.bob, self.paddock = folder / "ada", folder / "bob", paddock
        (self.ada / "model").mkdir(parents=True)
        self.bob.mkdir()
        for name, content in model_files().items():
            (self.ada / "model" / name).write_bytes(content)
        create_key(self.ada / "ada.pem", "ed25519", None)
        for name in ("bob", "cid", "eve"):
            create_key(self.bob / f"{name}.pem", "ed25519", None)
            shutil.copy(self.bob / f"{name}.pub.pem", self.ada)
        self.write(dsse=ON_A)

    def write(self, **sign: Any) -> None:
        document = {
            "apiVersion": "paddock/v1", "kind": "ModelRelease",
            "metadata": {"name": "acme", "version": "1.0.0"},
            "licenses": {"distribution": "Apache-2.0"},
            "artifacts": {"source": {"path": "model"}},
            "sign": sign,
            "publish": [{"to": "folder", "path": "published"}],
        }  # fmt: skip
        (self.ada / "release.yaml").write_text(yaml.safe_dump(document))

    def build(self) -> tuple[int, str, str]:
        return self.paddock("release", "build", self.ada, "-o", self.ada / "out")

    def sign_at_once(self, **sign: Any) -> None:
        """What a build would have written, without one."""
        spec = Sign.model_validate({"oms": {"key": "oms.pem"}, **sign})
        shutil.rmtree(self.ada / "out", ignore_errors=True)
        if not (self.ada / "oms.pem").exists():
            create_key(self.ada / "oms.pem", "p256", None)
        write_vouched(self.ada / "out", spec, Place(self.ada, self.ada / "home"), NOW)

    def copy(self) -> Path:
        """The built release, as Bob gets it."""
        return Path(shutil.copytree(self.ada / "out", self.bob / "out", dirs_exist_ok=True))

    def sign(self, folder: Path, *options: object) -> tuple[int, str, str]:
        return self.paddock("release", "sign", folder, *options)

    def verify(self, folder: Path) -> dict[str, Any]:
        keys = [(self.ada / f"{name}.pub.pem").read_text() for name in ("ada", "bob", "cid")]
        trust = self.ada / "trust.yaml"
        said = {"apiVersion": "paddock/v1", "kind": "Trust", "keys": keys, "threshold": 2}
        trust.write_text(yaml.safe_dump(said))
        _, out, _ = self.paddock("verify", folder, "--trust", trust, "--json")
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paddock: Paddock) -> TwoMachines:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return TwoMachines(tmp_path, paddock)


def test_ada_builds_bob_signs_elsewhere_and_only_then_it_is_published(two: TwoMachines) -> None:
    code, _, error = two.build()
    assert code == 5
    assert "1 of 2 keys have signed" in error
    assert "release sign" in error
    assert two.verify(two.ada / "out")["verdict"] == "untrusted"
    code, _, error = two.paddock("release", "publish", two.ada, "-o", two.ada / "out")
    assert (code, (two.ada / "published").exists()) == (5, False), error
    code, out, error = two.sign(two.copy(), "--key", two.bob / "bob.pem")
    assert code == 0, error
    assert "2 of 2 keys have signed" in out
    # Only the small envelope goes back to Ada.
    code, out, error = two.sign(two.ada / "out", "--add", two.bob / "out" / "release.dsse.json")
    assert code == 0, error
    code, _, error = two.build()
    assert code == 0, error
    code, _, error = two.paddock("release", "publish", two.ada, "-o", two.ada / "out")
    assert code == 0, error
    assert two.verify(two.ada / "published")["verdict"] == "trusted"


def test_a_publication_goes_on_from_the_work_folder_with_what_was_added(two: TwoMachines) -> None:
    code, _, error = two.paddock("release", "publish", two.ada)
    assert code == 5
    candidate = two.ada / ".acme-1.0.0.work" / "candidate"
    assert str(candidate) in error
    assert two.sign(candidate, "--key", two.bob / "cid.pem")[0] == 0
    code, _, error = two.paddock("release", "publish", two.ada)
    assert code == 0, error
    assert two.verify(two.ada / "published")["verdict"] == "trusted"


def test_nobody_with_a_key_of_the_second_envelope_is_needed_to_build(two: TwoMachines) -> None:
    two.sign_at_once(dsse={"keys": ["bob.pub.pem", "cid.pub.pem"], "threshold": 2})
    assert not (two.ada / "out" / "release.dsse.json").exists()
    code, out, error = two.sign(two.copy(), "--key", two.bob / "bob.pem", "--json")
    assert code == 0, error
    assert not json.loads(out)["complete"]
    code, out, _ = two.sign(two.bob / "out", "--key", two.bob / "cid.pem", "--json")
    assert (code, json.loads(out)["complete"]) == (0, True)
    assert two.verify(two.bob / "out")["verdict"] == "trusted"


def _change(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"{}")


def _add(folder: Path) -> None:
    (folder / "extra.txt").write_bytes(b"x")


def _strip(folder: Path) -> None:
    (folder / "release.oms.json").unlink()


def _forge(folder: Path) -> None:
    sealed = parse_envelope((folder / "release.dsse.json").read_bytes(), IN_TOTO)
    forged = {keyid: bytes(64) for keyid in sealed.signatures}
    content = render_envelope(Sealed(sealed.payload, IN_TOTO, forged))
    (folder / "release.dsse.json").write_bytes(content)


@pytest.mark.parametrize("attack", [_change, _add, _strip, _forge])
def test_nothing_is_signed_that_is_not_what_was_built(
    two: TwoMachines, attack: Callable[[Path], None]
) -> None:
    two.sign_at_once(dsse=ON_A)
    copy = two.copy()
    attack(copy)
    before = (copy / "release.dsse.json").read_bytes()
    code, _, error = two.sign(copy, "--key", two.bob / "bob.pem")
    assert code == 1
    assert "is not signed" in error or "signature is not right" in error
    assert (copy / "release.dsse.json").read_bytes() == before


def test_who_may_not_sign_is_told_so(two: TwoMachines) -> None:
    two.sign_at_once(dsse=ON_A)
    copy = two.copy()
    code, _, error = two.sign(copy, "--key", two.bob / "eve.pem")
    assert (code, "is not one that signs this release" in error) == (1, True)
    assert two.sign(copy, "--key", two.bob / "bob.pem")[0] == 0
    code, _, error = two.sign(copy, "--key", two.bob / "bob.pem")
    assert (code, "has signed already" in error) == (1, True)
    code, _, error = two.sign(two.bob, "--key", two.bob / "bob.pem")
    assert (code, "holds no release" in error) == (1, True)


def test_signatures_of_another_release_are_not_taken_over(two: TwoMachines) -> None:
    two.sign_at_once(dsse=ON_A)
    other = two.copy()
    two.sign(other, "--key", two.bob / "bob.pem")
    two.sign_at_once(dsse={**ON_A, "threshold": 3})
    code, _, error = two.sign(two.ada / "out", "--add", other / "release.dsse.json")
    assert (code, "is about another release" in error) == (1, True)


def test_the_same_key_under_two_names_is_refused(two: TwoMachines) -> None:
    shutil.copy(two.ada / "ada.pub.pem", two.ada / "also-ada.pub.pem")
    with pytest.raises(BadKey, match="is a key that is named before"):
        two.sign_at_once(dsse={"keys": ["ada.pem", "also-ada.pub.pem"], "threshold": 2})


def test_who_keeps_the_update_metadata_may_be_somebody_else(two: TwoMachines) -> None:
    code, _, error = two.paddock(
        "keys", "tuf", "create", two.bob / "tuf", "--keys", two.bob / "roles", "--no-password"
    )
    assert code == 0, error
    shutil.copytree(two.bob / "tuf", two.ada / "tuf")
    two.write(tuf={"repo": "tuf", "keys": "none"})
    code, _, error = two.build()
    assert (code, "no update metadata names the release" in error) == (5, True)
    copy = two.copy()
    code, _, error = two.sign(copy, "--tuf", two.bob / "tuf", "--tuf-keys", two.bob / "roles")
    assert code == 0, error
    shutil.copytree(copy / "tuf", two.ada / "out" / "tuf")
    code, _, error = two.build()
    assert code == 0, error
    _, out, _ = two.paddock("verify", two.ada / "out", "--json")
    assert json.loads(out)["freshness"] == "fresh"


def test_no_link_and_no_pipe_is_read_or_written_through(two: TwoMachines) -> None:
    two.sign_at_once(dsse=ON_A)
    outside = two.bob / "outside.json"
    for name in ("release.dsse.json", "release.json"):
        copy = two.copy()
        content = (copy / name).read_bytes()
        outside.write_bytes(content)
        (copy / name).unlink()
        (copy / name).symlink_to(outside)
        code, _, error = two.sign(copy, "--key", two.bob / "bob.pem")
        assert (code, name in error) == (1, True)
        assert outside.read_bytes() == content
        (copy / name).unlink()
        os.mkfifo(copy / name)
        code, _, error = two.sign(copy, "--key", two.bob / "bob.pem")
        assert (code, "not a regular file" in error) == (1, True)
        shutil.rmtree(copy)


def test_only_what_was_looked_at_is_signed(
    two: TwoMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.sign_at_once(dsse=ON_A)
    copy = two.copy()
    looked_at = read_signed(copy).statement
    two.sign_at_once(dsse={**ON_A, "threshold": 3})
    other = two.ada / "out"

    def swapped(folder: Path) -> Any:
        verdict = require_whole(folder)
        for name in ("release.json", "release.oms.json", "release.dsse.json"):
            shutil.copy(other / name, folder)
        return verdict

    monkeypatch.setattr("paddock.release.countersigning.require_whole", swapped)
    code, _, error = two.sign(copy, "--key", two.bob / "bob.pem")
    assert (code, "another release" in error) == (1, True), error
    written = parse_envelope((copy / "release.dsse.json").read_bytes(), IN_TOTO)
    assert written.payload == looked_at != read_signed(other).statement


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 200_000, b"{}", b'{"payload":"","payload":""}', bytes(3 << 20),
        b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}',
    ],
)  # fmt: skip
def test_an_envelope_that_is_none_is_not_taken_over(two: TwoMachines, raw: bytes) -> None:
    two.sign_at_once(dsse=ON_A)
    before = (two.ada / "out" / "release.dsse.json").read_bytes()
    (two.bob / "odd.json").write_bytes(raw)
    code, _, error = two.sign(two.ada / "out", "--add", two.bob / "odd.json")
    assert code == 1, error
    assert (two.ada / "out" / "release.dsse.json").read_bytes() == before


def test_an_envelope_of_another_type_or_with_anothers_key_id_is_not_taken_over(
    two: TwoMachines,
) -> None:
    two.sign_at_once(dsse=ON_A)
    folder = two.ada / "out"
    signed = read_signed(folder)
    eve, bob = (load_signer(f"{name}.pem", two.bob) for name in ("eve", "bob"))
    message = pre_authentication_encoding(signed.statement, IN_TOTO)
    stolen = {bob.public_key.keyid: bytes.fromhex(eve.sign(message).signature)}
    doubled = render_envelope(Sealed(signed.statement, IN_TOTO, stolen))
    gate_type = "application/vnd.paddock.gate-statement.v1+json"
    for raw, said in (
        (doubled, "signature is not right"),
        (sign_envelope(signed.statement, gate_type, [bob]), "payload type"),
        (sign_envelope(signed.statement, IN_TOTO, [eve]), "a key that nobody named"),
        (sign_envelope(b"{}", IN_TOTO, [bob]), "about another release"),
    ):
        (two.bob / "odd.json").write_bytes(raw)
        code, _, error = two.sign(folder, "--add", two.bob / "odd.json")
        assert (code, said in error) == (1, True), error
    twice = json.loads(sign_envelope(signed.statement, IN_TOTO, [bob]))
    twice["signatures"] *= 2
    (two.bob / "odd.json").write_text(json.dumps(twice))
    code, _, error = two.sign(folder, "--add", two.bob / "odd.json")
    assert (code, "signs twice" in error) == (1, True), error
