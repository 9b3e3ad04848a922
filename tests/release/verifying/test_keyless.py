"""An identity in place of a key: bundles that sigstore's own verifier takes, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock.release.files.manifest import KEYLESS_NAME
from paddock.release.verifying.verdict import Verdict
from paddock.release.verifying.verify import verify_folder
from paddock.signing.errors import BadKey, BadSignature
from tests.fakes.sigstore_services import Services
from tests.release.publisher import Publisher

ADA, ISSUER = "ada@acme.example", "https://accounts.example"
SERVICES = Services()


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path)


def sign(optional: bool = False) -> dict[str, object]:
    return {
        "oms": {"key": "oms.pem"},
        "keyless": {"identity": ADA, "issuer": ISSUER, "optional": optional},
    }


def signed(
    publisher: Publisher, services: Services = SERVICES, who: str = ADA, where: str = "r"
) -> Path:
    """A release that was built, signed by somebody who signed in, and built again."""
    draft = publisher.release(f"{where}-draft", sign=sign(optional=True))
    manifest = (draft / "release.json").read_bytes()
    (publisher.folder / KEYLESS_NAME).write_bytes(services.sign(manifest, who, ISSUER))
    return publisher.release(where, sign=sign(optional=True))


def judged(publisher: Publisher, folder: Path, identity: str = ADA) -> Verdict:
    (publisher.folder / "trusted_root.json").write_bytes(SERVICES.trusted_root())
    trust = publisher.trust(
        keyless={"identity": identity, "issuer": ISSUER, "trusted_root": "trusted_root.json"}
    )
    return verify_folder(folder, trust)


def test_an_identity_that_the_reader_pins_is_enough(publisher: Publisher) -> None:
    verdict = judged(publisher, signed(publisher))
    assert verdict.verdict == "trusted", verdict.reasons
    assert verdict.identity == f"{ADA} ({ISSUER})"
    assert verdict.keys == ()


def test_another_identity_and_other_services_are_refused(publisher: Publisher) -> None:
    eve = judged(publisher, signed(publisher, who="eve@acme.example"))
    assert eve.verdict == "invalid"
    assert "SANs do not match" in eve.reasons[0]
    others = judged(publisher, signed(publisher, services=Services(), where="r2"))
    assert others.verdict == "invalid"
    assert "SANs" not in others.reasons[0]


def test_no_part_of_a_bundle_may_be_another(publisher: Publisher) -> None:
    folder = signed(publisher)
    whole = json.loads((folder / KEYLESS_NAME).read_bytes())

    def spoil(value: object) -> object:
        if isinstance(value, str) and len(value) > 20:
            flipped = "A" if value[10] != "A" else "B"
            return value[:10] + flipped + value[11:]
        return value

    entry = whole["verificationMaterial"]["tlogEntries"][0]
    for place, key in (
        (whole["messageSignature"], "signature"),
        (whole["verificationMaterial"]["certificate"], "rawBytes"),
        (entry, "canonicalizedBody"),
        (entry["inclusionPromise"], "signedEntryTimestamp"),
        (entry["inclusionProof"], "rootHash"),
    ):
        kept = place[key]
        place[key] = spoil(kept)
        (folder / KEYLESS_NAME).write_text(json.dumps(whole))
        assert not judged(publisher, folder).is_trusted, key
        place[key] = kept


def test_a_bundle_about_another_release_is_refused_when_it_is_built_and_when_it_is_read(
    publisher: Publisher,
) -> None:
    folder = signed(publisher)
    bundle = SERVICES.sign(b"something else", ADA, ISSUER)
    (folder / KEYLESS_NAME).write_bytes(bundle)
    assert "not about this release.json" in judged(publisher, folder).reasons[0]
    (publisher.folder / KEYLESS_NAME).write_bytes(bundle)
    with pytest.raises(BadSignature, match="not about"):
        publisher.release("r2", sign=sign())


def test_a_bundle_that_must_be_there_is_asked_for(publisher: Publisher) -> None:
    with pytest.raises(BadSignature, match="no bundle") as caught:
        publisher.release("r", sign=sign())
    assert "sigstore sign" in (caught.value.hint or "")


def test_who_pins_no_identity_is_told_that_the_bundle_was_not_checked(
    publisher: Publisher,
) -> None:
    verdict = verify_folder(signed(publisher), publisher.trust("oms"))
    assert verdict.is_trusted
    assert "was not checked" in verdict.notes[0]


def test_a_trusted_root_that_is_none_is_the_readers_mistake(publisher: Publisher) -> None:
    folder = signed(publisher)
    (publisher.folder / "root.json").write_text("{}")
    trust = publisher.trust(
        keyless={"identity": ADA, "issuer": ISSUER, "trusted_root": "root.json"}
    )
    verdict = verify_folder(folder, trust)
    assert verdict.verdict == "undecided"
    assert BadKey.code == "bad_key"
