"""Whose releases a hub runs: what lies in the trust folder when a model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.config import Settings
from paddock.errors import UsageError
from paddock.signing.key_ring import distrust
from paddock.signing.keys import create_key, own_signing_key, trust_folder
from paddock.web.serving.trusting import Trusting

STARTER = "admin/starter"


def keys(trusting: Trusting, name: str) -> set[str]:
    return {key.fingerprint for key in trusting.rules(name).trusted.keys}


def test_keys_come_and_go_without_a_new_start(tmp_path: Path) -> None:
    trusting = Trusting(Settings(config_home=tmp_path), STARTER)
    assert keys(trusting, STARTER) == keys(trusting, "acme/model") == set()
    own = own_signing_key(tmp_path).fingerprint
    assert keys(trusting, "Admin/Starter") == keys(trusting, "acme/model") == {own}
    distrust(tmp_path, own)
    assert keys(trusting, STARTER) == keys(trusting, "acme/model") == set()


def test_the_starter_is_run_by_the_own_key_alone(tmp_path: Path) -> None:
    own = own_signing_key(tmp_path).fingerprint
    create_key(trust_folder(tmp_path) / "other.key", "p256", None)
    (trust_folder(tmp_path) / "other.key").unlink()
    for demand in ("signed", "intact"):
        trusting = Trusting(Settings(config_home=tmp_path, serve_verify=demand), STARTER)
        assert len(keys(trusting, "acme/model")) == 2 and keys(trusting, STARTER) == {own}
        assert trusting.rules(STARTER).demand == "always"
        assert trusting.rules("acme/model").demand == demand


def test_settings_that_contradict_each_other_are_an_error(tmp_path: Path) -> None:
    settings = Settings(config_home=tmp_path, serve_verify="intact", serve_trust="~/keys.pem")
    with pytest.raises(UsageError):
        Trusting(settings).rules()
