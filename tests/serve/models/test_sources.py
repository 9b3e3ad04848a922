"""Where models come from, and what is refused before it is loaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.errors import NotFound
from paddock.release.planning.prepare import Wanted
from paddock.release.publishing.hub_client import Hub
from paddock.release.releasing import Surroundings, publish_release
from paddock.serve.errors import ModelRejected, UntrustedModel
from paddock.serve.models.sources import source_of
from paddock.serve.models.verifying import Rules, verified
from paddock.signing.keys import TrustedKey, load_trust
from paddock.starter import starter_folder
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server

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
