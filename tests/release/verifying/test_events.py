"""What was announced of a release after it left changes its verdict, if the right key said it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paddock.digest import sha256_hex
from paddock.release.verifying.events import with_events
from paddock.release.verifying.verify import verify_folder
from paddock.signing.dsse import sign_envelope
from paddock.signing.events.event import PAYLOAD_TYPE, Event, Kind, render_event
from paddock.signing.events.log import Log, extended, render_log
from paddock.signing.keys import load_private_key
from paddock.signing.signers import KeySigner, public_key_of
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.publisher import Publisher

AT = datetime(2026, 11, 20, tzinfo=UTC)
ONE_KEY = {"oms": {"key": "oms.pem"}}


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path)


def log_of(publisher: Publisher, folder: Path, kind: Kind, key: str = "oms") -> Log:
    """One event about the release in ``folder``, signed by this key."""
    signer = KeySigner(load_private_key(publisher.folder / f"{key}.pem"))
    release = sha256_hex((folder / "release.json").read_bytes())
    event = Event(kind, 1, "tiny", "1.0.0", release, "it leaks", AT)
    envelope = sign_envelope(render_event(event), PAYLOAD_TYPE, [signer])
    return extended(Log(), envelope, public_key_of(signer))


def test_a_revocation_by_the_releases_own_key_takes_the_verdict_away(publisher: Publisher) -> None:
    folder = publisher.release("r", sign=ONE_KEY)
    trust = publisher.trust("oms")
    verdict = with_events(verify_folder(folder, trust), log_of(publisher, folder, "revoke"), trust)
    assert (verdict.verdict, verdict.freshness, verdict.origin) == ("revoked", "revoked", "trusted")
    assert "it leaks" in verdict.reasons[0]


def test_what_is_milder_or_said_by_a_stranger_is_only_told(publisher: Publisher) -> None:
    folder = publisher.release("r", sign=ONE_KEY)
    trust = publisher.trust("oms")
    whole = verify_folder(folder, trust)
    yanked = with_events(whole, log_of(publisher, folder, "yank"), trust)
    assert yanked.is_trusted
    assert "was yanked" in yanked.notes[0]
    rumour = with_events(whole, log_of(publisher, folder, "revoke", "ed25519"), trust)
    assert rumour.is_trusted
    assert "you do not trust says" in rumour.notes[0]


def test_the_command_takes_events_from_a_file(
    publisher: Publisher, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(publisher.folder / "home"))
    folder = publisher.release("r", sign=ONE_KEY)
    file = publisher.folder / "lifecycle.json"
    file.write_bytes(render_log(log_of(publisher, folder, "revoke")))
    verify = ("verify", folder, "--trust", publisher.folder / "oms.pub.pem", "--json")
    assert paddock(*verify)[0] == 0
    code, out, _ = paddock(*verify, "--events", file)
    assert (code, json.loads(out)["class"]) == (1, "freshness")
    file.write_bytes(file.read_bytes().replace(b"paddock/lifecycle", b"paddock/licecycle"))
    assert paddock(*verify, "--events", file)[0] == 1
