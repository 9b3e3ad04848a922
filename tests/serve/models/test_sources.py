"""Where models come from, and what is refused before it is loaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddock.clock import now
from paddock.config import Settings
from paddock.errors import NotFound, UsageError
from paddock.release.lifecycle.announcing import Announcement, announce
from paddock.release.planning.prepare import Wanted
from paddock.release.publishing.hub_client import Hub, client_of
from paddock.release.releasing import Surroundings, publish_release
from paddock.release.signatures.tuf.repository import refresh
from paddock.release.verifying.updates import Updates
from paddock.release.verifying.verify import verify_folder
from paddock.serve.errors import ModelRejected, UntrustedModel
from paddock.serve.models.sources import source_of
from paddock.serve.models.verifying import Rules, verified
from paddock.signing.keys import TrustedKey, keys_folder, load_trust
from paddock.signing.signers import load_signer
from paddock.starter import starter_folder
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server
from tests.release.publisher import DAY, NOW, Publisher

Trust = tuple[TrustedKey, ...]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[LiveServer]:
    """A hub with a signed release, ``boss/signed``, and a private folder, ``boss/plain``."""
    folder = tmp_path_factory.mktemp("hub")
    with live_server(folder / "data", sqlite_url(folder)) as running:
        around = Surroundings(home, running.url, running.admin_token, lambda sentence: None)
        publish_release(Wanted(starter_folder().parent / "release.yaml", to="boss/signed"), around)
        running.admin_api.create_repo("boss/plain", private=True)
        running.admin_api.upload_folder(repo_id="boss/plain", folder_path=str(starter_folder()))
        yield running


@pytest.fixture
def trust(home: Path, hub: LiveServer) -> Trust:
    return tuple(load_trust(None, home))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fetch(hub: LiveServer, model: str, rules: Rules, token: str | None = None) -> Path:
    return source_of(model, Hub(hub.url, token or hub.admin_token), rules).fetch()


def test_a_signed_release_is_verified_where_the_client_keeps_it(
    hub: LiveServer, trust: Trust, cache: Path
) -> None:
    folder = fetch(hub, "boss/signed", Rules(trust))
    (folder.parent.parent / "verify-killed" / folder.name).mkdir(parents=True)
    fetch(hub, "boss/signed", Rules(trust))
    assert (folder / "model.safetensors").is_file() and folder.is_relative_to(cache)
    assert not list(cache.glob("models--*/verify-*"))


def test_a_release_by_an_unknown_key_is_taken_only_where_that_is_wished(hub: LiveServer) -> None:
    with pytest.raises(UntrustedModel, match="is untrusted"):
        fetch(hub, "boss/signed", Rules())
    assert fetch(hub, "boss/signed", Rules(demand="intact")).is_dir()


def test_a_byte_that_is_not_what_was_signed_is_always_refused(
    hub: LiveServer, trust: Trust
) -> None:
    weights = fetch(hub, "boss/signed", Rules(trust)) / "model.safetensors"
    blob = weights.resolve()
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    for demand in ("signed", "always", "intact"):
        with pytest.raises(UntrustedModel, match="is tampered"):
            fetch(hub, "boss/signed", Rules(trust, demand))


def test_a_link_out_of_the_cache_is_refused(hub: LiveServer, trust: Trust, tmp_path: Path) -> None:
    weights = fetch(hub, "boss/signed", Rules(trust)) / "model.safetensors"
    elsewhere = tmp_path / "elsewhere"
    shutil.copyfile(weights.resolve(), elsewhere)
    weights.unlink()
    weights.symlink_to(elsewhere)
    with pytest.raises(UntrustedModel, match="leads out of the client's cache"):
        verified(weights.parent, Rules(trust))


def test_what_is_not_signed_is_taken_unless_all_must_be(hub: LiveServer) -> None:
    assert fetch(hub, "boss/plain", Rules()).is_dir()
    with pytest.raises(UntrustedModel, match="is not signed"):
        fetch(hub, "boss/plain", Rules(demand="always"))


def test_a_private_repository_and_one_that_is_none_look_alike(hub: LiveServer) -> None:
    stranger = hub.user("stranger")
    for model in ("boss/plain", "boss/none"):
        with pytest.raises(NotFound, match=model):
            fetch(hub, model, Rules(), stranger)


def test_a_scan_that_is_wished_refuses_what_it_rejects(hub: LiveServer, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(starter_folder(), folder)
    rules = Rules(scans=True)
    assert fetch(hub, str(folder), rules) == folder
    (folder / "evil.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ModelRejected, match="rejects it"):
        fetch(hub, str(folder), rules)


class Vouching:
    """A publisher with update metadata, and an operator with a trust file."""

    def __init__(self, folder: Path) -> None:
        self.publisher = Publisher(folder)
        self.folder = folder

    def rules(self, **said: Any) -> Rules:
        self.publisher.trust("oms", "ed25519", tuf=self.publisher.root(), **said)
        settings = Settings(
            config_home=self.folder / "home", serve_trust=str(self.folder / "trust.yaml")
        )
        return Rules.of(settings)


@pytest.fixture
def vouching(tmp_path: Path) -> Vouching:
    return Vouching(tmp_path)


def test_with_a_trust_file_only_what_it_vouches_for_is_loaded(
    vouching: Vouching, tmp_path: Path
) -> None:
    release = vouching.publisher.release("out")
    rules = vouching.rules(threshold=2)
    assert verified(release, rules) == release
    with pytest.raises(UntrustedModel, match="is not signed"):
        verified(starter_folder(), rules)
    other = tmp_path / "other"
    other.mkdir()
    foreign = Publisher(other).release("out")
    with pytest.raises(UntrustedModel):
        verified(foreign, rules)
    with pytest.raises(UntrustedModel, match="an attestation"):
        verified(release, vouching.rules(require={"attestations": ["https://example.org/a"]}))


def test_an_older_release_is_refused_after_a_newer_one_was_loaded(vouching: Vouching) -> None:
    old = vouching.publisher.release("old")
    new = vouching.publisher.release("new", version="1.1.0")
    rules = vouching.rules()
    assert verified(old, rules) == old
    assert verified(new, rules) == new
    with pytest.raises(UntrustedModel, match="older than"):
        verified(old, rules)

    def named(folder: Path, trust: Any, updates: Updates) -> Any:
        newer = vouching.publisher.repository.folder
        asked = replace(updates, expected_version="1.0.0", newer=newer)
        return verify_folder(folder, trust, asked)

    assert verified(old, rules, named) == old


def test_an_expired_release_is_refused_until_newer_metadata_comes(vouching: Vouching) -> None:
    old = vouching.publisher.release("old", now=NOW - 20 * DAY)
    rules = vouching.rules()
    with pytest.raises(UntrustedModel, match="expired"):
        verified(old, rules)
    refresh(vouching.publisher.repository, NOW)

    def renewed(folder: Path, trust: Any, updates: Updates) -> Any:
        newer = vouching.publisher.repository.folder
        return verify_folder(folder, trust, replace(updates, newer=newer))

    assert verified(old, rules, renewed) == old


def test_a_trust_file_and_any_key_at_once_are_refused(vouching: Vouching) -> None:
    settings = Settings(serve_trust=str(vouching.folder / "trust.yaml"), serve_verify="intact")
    with pytest.raises(UsageError, match="by unknown keys"):
        Rules.of(settings)


def test_a_revocation_that_is_announced_is_heeded_before_loading(
    hub: LiveServer, trust: Trust, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = Surroundings(home, hub.url, hub.admin_token, lambda sentence: None)
    publish_release(Wanted(starter_folder().parent / "release.yaml", to="boss/bad"), around)
    assert fetch(hub, "boss/bad", Rules(trust)).is_dir()
    target = Hub(hub.url, hub.admin_token)
    api = client_of(target, show_progress=False)
    signer = load_signer("release", Path(), keys_folder(home))
    announce(Announcement("boss/bad", "main", "revoke", "unsafe"), signer, api, target, now())
    with pytest.raises(UntrustedModel, match="revoked"):
        fetch(hub, "boss/bad", Rules(trust))
