"""Several keys, thresholds, update metadata and revocation: each fact fails by itself."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_signing
import pytest

from paddock.digest import sha256_hex
from paddock.release.files.manifest import DSSE_NAME, MANIFEST_NAME, SIGNATURE_NAME
from paddock.release.signatures.attaching import attach_updates
from paddock.release.signatures.revoking import revocation_of
from paddock.release.signatures.tuf.keys import create_role_keys, role_signers
from paddock.release.signatures.tuf.repository import Repository, refresh, revoke
from paddock.release.signatures.tuf.rotation import rotate
from paddock.release.verifying.updates import Updates
from paddock.release.verifying.verdict import Verdict
from paddock.release.verifying.verify import verify_folder
from paddock.signing.dsse import IN_TOTO, Sealed, open_envelope, parse_envelope, render_envelope
from paddock.signing.keys import create_key
from tests.release.publisher import DAY, NOW, SIGN, Publisher
from tests.release.signed import FILES


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path)


def facts(verdict: Verdict) -> tuple[str, str, str, str]:
    return verdict.verdict, verdict.integrity, verdict.origin, verdict.freshness


def test_a_release_that_everybody_signed_is_trusted_and_says_until_when(
    publisher: Publisher,
) -> None:
    folder = publisher.release("r")
    verdict = verify_folder(folder, publisher.trust("ed25519", "pq", threshold=2))
    assert facts(verdict) == ("trusted", "intact", "trusted", "fresh")
    assert len(verdict.keys) == 2
    assert "current  until" in verdict.to_text()


def test_the_stock_oms_tool_still_takes_it(publisher: Publisher) -> None:
    folder = publisher.release("r")
    model_signing.verifying.Config().use_elliptic_key_verifier(
        public_key=publisher.folder / "oms.pub.pem"
    ).verify(folder, folder / SIGNATURE_NAME)


def test_fewer_keys_than_the_reader_asks_for_are_untrusted(publisher: Publisher) -> None:
    create_key(publisher.folder / "other.pem", "ed25519", None)
    folder = publisher.release("r")
    verdict = verify_folder(folder, publisher.trust("ed25519", "other", threshold=2))
    assert facts(verdict) == ("untrusted", "intact", "untrusted", "fresh")
    assert "1 of the keys that you trust signed, not 2" in verdict.reasons[0]


def test_fewer_keys_than_the_release_asks_for_are_untrusted_whoever_is_trusted(
    publisher: Publisher,
) -> None:
    folder = publisher.release("r")
    sealed = parse_envelope((folder / DSSE_NAME).read_bytes(), IN_TOTO)
    for keyid in sealed.signatures:
        left = Sealed(sealed.payload, IN_TOTO, {keyid: sealed.signatures[keyid]})
        (folder / DSSE_NAME).write_bytes(render_envelope(left))
        verdict = verify_folder(folder, publisher.trust("oms", "ed25519", "pq"))
        assert facts(verdict)[:3] == ("untrusted", "intact", "untrusted")
        assert "1 of the 2 keys" in verdict.reasons[0]


@pytest.mark.parametrize("name", [DSSE_NAME, SIGNATURE_NAME])
def test_what_signs_cannot_be_taken_away(publisher: Publisher, name: str) -> None:
    folder = publisher.release("r")
    (folder / name).unlink()
    assert not verify_folder(folder, publisher.trust("oms", "ed25519")).is_trusted


def test_the_update_metadata_cannot_be_taken_away_or_added_to(publisher: Publisher) -> None:
    folder = publisher.release("r")
    trust = publisher.trust("oms")
    (folder / "tuf" / "payload.py").write_bytes(b"")
    assert verify_folder(folder, trust).verdict == "tampered"
    shutil.rmtree(folder / "tuf")
    assert facts(verify_folder(folder, trust)) == ("stale", "intact", "trusted", "invalid")


def test_an_envelope_of_another_release_is_refused(publisher: Publisher) -> None:
    folder = publisher.release("r")
    other = publisher.release("other", name="other")
    shutil.copy(other / DSSE_NAME, folder / DSSE_NAME)
    verdict = verify_folder(folder, publisher.trust("oms"))
    assert verdict.verdict == "invalid"
    assert "another release" in verdict.reasons[0]


def test_no_byte_of_what_signs_a_release_may_be_another(publisher: Publisher) -> None:
    folder = publisher.release("r")
    trust = publisher.trust("ed25519", tuf=publisher.root())
    assert verify_folder(folder, trust).is_trusted
    rng = random.Random(6)
    signatures = [folder / DSSE_NAME, folder / SIGNATURE_NAME, folder / MANIFEST_NAME]
    for path in [*signatures, *sorted((folder / "tuf").rglob("*.json"))]:
        whole = path.read_bytes()
        for _ in range(12):
            changed = bytearray(whole)
            changed[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            assert not verify_folder(folder, trust).is_trusted, path
        path.write_bytes(whole)


def test_expired_metadata_is_stale_and_newer_metadata_makes_it_current(
    publisher: Publisher,
) -> None:
    folder = publisher.release("r", NOW - 20 * DAY)
    trust = publisher.trust("oms", tuf=publisher.root())
    verdict = verify_folder(folder, trust)
    assert facts(verdict) == ("stale", "intact", "trusted", "stale")
    assert "timestamp of the update metadata expired" in verdict.reasons[0]
    refresh(publisher.repository, NOW)
    newer = Updates(newer=publisher.repository.folder)
    assert facts(verify_folder(folder, trust, newer))[3] == "fresh"
    assert (folder / "release.json").exists()
    attach_updates(publisher.repository, folder)
    assert verify_folder(folder, trust).is_trusted


def test_a_pinned_root_alone_vouches_for_what_it_leads_to(publisher: Publisher) -> None:
    folder = publisher.release("r")
    assert verify_folder(folder, publisher.trust(tuf=publisher.root())).is_trusted
    strangers = Publisher(_made(publisher.folder / "strangers"))
    foreign = strangers.release("r")
    verdict = verify_folder(foreign, publisher.trust(tuf=publisher.root()))
    assert facts(verdict) == ("untrusted", "intact", "untrusted", "invalid")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_rotated_root_is_followed_and_an_old_client_is_not_lost(publisher: Publisher) -> None:
    publisher.release("r")
    trust = publisher.trust("oms", tuf=publisher.root())
    repository = publisher.repository
    new = Repository(repository.folder, publisher.folder / "new-keys")
    create_role_keys(new.keys, 3, None)
    rotate(repository, "root", role_signers(new.keys, "root"), NOW)
    folder = publisher.release("r2", version="1.1.0")
    assert (folder / "tuf" / "2.root.json").exists()
    assert verify_folder(folder, trust).is_trusted
    shutil.copy(folder / "tuf" / "2.root.json", publisher.folder / "pinned.json")
    later = publisher.trust("oms", tuf={"root": "pinned.json"})
    assert verify_folder(folder, later).is_trusted
    (folder / "tuf" / "2.root.json").unlink()
    assert verify_folder(folder, later).verdict == "stale"


def test_an_older_release_is_refused_by_who_saw_a_newer_one(
    publisher: Publisher, tmp_path: Path
) -> None:
    old = publisher.release("old")
    new = publisher.release("new", version="1.1.0")
    trust = publisher.trust("oms", tuf=publisher.root())
    updates = Updates(memory=tmp_path / "seen")
    assert verify_folder(old, trust, updates).is_trusted  # a fresh client cannot know
    assert verify_folder(new, trust, updates).is_trusted
    verdict = verify_folder(old, trust, updates)
    assert facts(verdict) == ("stale", "intact", "trusted", "stale")
    assert "older than what you have verified before" in verdict.reasons[0]
    attach_updates(publisher.repository, old)
    verdict = verify_folder(old, trust, updates)
    assert "1.0.0 is older than 1.1.0" in verdict.reasons[0]
    asked = Updates(memory=tmp_path / "seen", expected_version="1.0.0")
    assert verify_folder(old, trust, asked).is_trusted
    assert verify_folder(new, trust, updates).is_trusted


def test_only_a_trusted_verdict_is_remembered(publisher: Publisher, tmp_path: Path) -> None:
    old = publisher.release("old")
    new = publisher.release("new", version="1.1.0")
    (new / "config.json").write_bytes(b"{}")
    trust = publisher.trust("oms", tuf=publisher.root())
    updates = Updates(memory=tmp_path / "seen")
    assert verify_folder(new, trust, updates).verdict == "tampered"
    assert not (tmp_path / "seen").exists()
    assert verify_folder(old, trust, updates).is_trusted


def test_a_revoked_release_says_why_also_to_who_knows_it_only_from_before(
    publisher: Publisher, tmp_path: Path
) -> None:
    old = publisher.release("old")
    before = shutil.copytree(old, tmp_path / "before")
    trust = publisher.trust("oms", tuf=publisher.root())
    updates = Updates(memory=tmp_path / "seen")
    entry = revocation_of(str(old), "unsafe", NOW.date(), "delete it and take 1.1.0")
    revoke(publisher.repository, entry, NOW)
    new = publisher.release("new", version="1.1.0")
    attach_updates(publisher.repository, old)
    verdict = verify_folder(old, trust, updates)
    assert facts(verdict) == ("revoked", "intact", "trusted", "revoked")
    assert "delete it and take 1.1.0" in verdict.reasons[0]
    assert verify_folder(before, trust, updates).is_trusted  # nothing was remembered yet
    assert verify_folder(new, trust, updates).is_trusted
    assert facts(verify_folder(before, trust, updates))[0] == "revoked"


def test_a_revoked_key_counts_no_more(publisher: Publisher) -> None:
    publisher.release("r")
    key = str(publisher.folder / "oms.pub.pem")
    entry = revocation_of(key, "key_compromise", NOW.date())
    revoke(publisher.repository, entry, NOW)
    folder = publisher.release("r2", version="1.1.0")
    verdict = verify_folder(folder, publisher.trust("oms", tuf=publisher.root()))
    assert (verdict.verdict, verdict.freshness) == ("revoked", "fresh")
    assert "key_compromise" in verdict.reasons[0]
    other = verify_folder(folder, publisher.trust("oms", "ed25519", tuf=publisher.root()))
    assert other.verdict == "trusted"
    assert "other keys suffice" in other.notes[0]


def test_without_update_metadata_freshness_is_unknown_and_may_be_asked_for(
    publisher: Publisher,
) -> None:
    folder = publisher.release("r", sign={"oms": {"key": "oms.pem"}})
    assert facts(verify_folder(folder, publisher.trust("oms")))[::3] == ("trusted", "unknown")
    publisher.release("other")
    asked = publisher.trust("oms", tuf=publisher.root())
    assert verify_folder(folder, asked).verdict == "stale"


def attested(gate: bool = True, result: str = "PASSED") -> Callable[[str], dict[str, bytes]]:
    """Attestations as a build writes them, about the content root ``root``."""

    def files(root: str) -> dict[str, bytes]:
        properties = ["PADDOCK_GATE_ALLOWED", "PADDOCK_FORMATS_MET"] if gate else ["PADDOCK_X_MET"]
        weights = FILES["model.safetensors"]
        return {
            "attestations/gate.json": json.dumps({
                "_type": "https://in-toto.io/Statement/v1",
                "predicateType": "https://in-toto.io/attestation/svr/v0.2",
                "subject": [{"name": "tiny@1.0.0", "digest": {"sha256": root}}],
                "predicate": {"timeCreated": "2026-11-20T00:00:00Z", "properties": properties},
            }).encode(),
            "attestations/scan.json": json.dumps({
                "_type": "https://in-toto.io/Statement/v1",
                "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
                "subject": [
                    {"name": "model.safetensors", "digest": {"sha256": sha256_hex(weights)}}
                ],
                "predicate": {"result": result, "passedTests": ["a", "b"], "failedTests": []},
            }).encode(),
        }  # fmt: skip

    return files


def with_attestations(publisher: Publisher, where: str, files: Any) -> Path:
    from paddock.release.files.manifest import parse_manifest
    from paddock.release.gate.content_root import content_root

    draft = {"files": {**FILES, **files("00" * 32)}, "version": f"0-{where}"}
    first = publisher.release(f"{where}-draft", **draft)
    rows = parse_manifest((first / MANIFEST_NAME).read_bytes()).files
    scanned = [row for row in rows if not row.path.endswith("gate.json")]
    whole = {**FILES, **files(content_root(scanned))}
    return publisher.release(where, files=whole, version=f"1-{where}")


def test_a_gate_and_a_scan_may_be_asked_for_and_are_told(publisher: Publisher) -> None:
    asked = publisher.trust("oms", require={"gate": "allow", "scan": "clean"})
    good = with_attestations(publisher, "good", attested())
    verdict = verify_folder(good, asked)
    assert (verdict.verdict, verdict.policy) == ("trusted", "met")
    assert "gate allowed, dated 2026-11-20T00:00:00Z by those who approved" in verdict.to_text()
    assert "scan: passed, 2 checks passed" in verdict.to_text()
    for name, files in (("no", attested(gate=False)), ("bad", attested(result="FAILED"))):
        refused = verify_folder(with_attestations(publisher, name, files), asked)
        assert (refused.verdict, refused.origin, refused.policy) == (
            "refused", "trusted", "unmet",
        )  # fmt: skip
    none = publisher.release("none", version="1.0.2")
    assert len(verify_folder(none, asked).reasons) == 2


def test_a_gate_about_another_release_does_not_count(publisher: Publisher) -> None:
    asked = publisher.trust("oms", require={"gate": "allow"})
    folder = publisher.release("r", files={**FILES, **attested()("ab" * 32)})
    assert "not about this release" in verify_folder(folder, asked).reasons[0]


def test_kinds_of_keys_and_types_of_attestations_may_be_asked_for(publisher: Publisher) -> None:
    folder = publisher.release("r")
    kinds = {"kinds": ["ed25519", "ml-dsa-65"]}
    assert verify_folder(folder, publisher.trust("ed25519", "pq", require=kinds)).is_trusted
    refused = verify_folder(folder, publisher.trust("ed25519", require=kinds))
    assert refused.reasons == ("a key of the kind ml-dsa-65 that you trust did not sign",)
    types = {"attestations": "https://slsa.dev/provenance/v1"}
    assert verify_folder(folder, publisher.trust("oms", require=types)).verdict == "refused"


def test_the_same_release_signed_again_is_the_same_but_for_what_tells_the_time(
    publisher: Publisher,
) -> None:
    sign = {**SIGN, "dsse": {"keys": ["ed25519.pem"], "threshold": 1}}
    first, second = publisher.release("a", sign=sign), publisher.release("b", sign=sign)
    for path in sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file()):
        assert (first / path).read_bytes() == (second / path).read_bytes(), path
    raw = (first / DSSE_NAME).read_bytes()
    from paddock.signing.keys import load_trust

    keys = [key.public for key in load_trust(publisher.folder / "ed25519.pub.pem", first)]
    assert len(open_envelope(raw, IN_TOTO, keys).keyids) == 1
