"""``paddock verify``: exit 0 for trusted and for nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.conftest import Paddock
from tests.release.signed import write_keys, write_release

KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "release", KEY)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return write_keys(tmp_path, KEY)[1]


def test_only_trusted_exits_with_zero(release: Path, public: Path, paddock: Paddock) -> None:
    code, out, _ = paddock("verify", release, "--trust", public)
    assert code == 0
    assert out.startswith("trusted: ")
    code, out, _ = paddock("verify", release)
    assert code == 1
    assert out.startswith("untrusted: ")
    (release / "config.json").write_bytes(b"{}")
    code, out, _ = paddock("verify", release, "--trust", public)
    assert code == 1
    assert out.startswith("tampered: ")
    assert "config.json" in out


def test_the_trust_folder_counts_without_a_flag(
    release: Path, public: Path, tmp_path: Path, paddock: Paddock
) -> None:
    (tmp_path / "home" / "trust").mkdir(parents=True)
    (tmp_path / "home" / "trust" / "acme.pem").write_bytes(public.read_bytes())
    assert paddock("verify", release)[0] == 0


def test_a_program_gets_one_json_object(release: Path, public: Path, paddock: Paddock) -> None:
    code, out, err = paddock("verify", release, "--trust", public, "--json")
    verdict = json.loads(out)
    assert code == 0
    assert err == ""
    assert verdict["verdict"] == "trusted"
    assert verdict["integrity"] == "intact"
    assert verdict["reasons"] == []
    (release / "extra.txt").write_bytes(b"")
    code, out, _ = paddock("verify", release, "--trust", public, "--json")
    assert code == 1
    assert json.loads(out)["problems"][0]["path"] == "extra.txt"


def test_what_is_not_there_is_one_sentence(tmp_path: Path, public: Path, paddock: Paddock) -> None:
    code, _, err = paddock("verify", tmp_path / "nowhere")
    assert code == 1
    assert err.startswith("error: ")
    code, _, err = paddock("verify", tmp_path, "--trust", tmp_path / "nokey.pem")
    assert code == 1
    assert "nokey.pem" in err


def test_an_unreachable_hub_is_one_sentence(public: Path, paddock: Paddock) -> None:
    code, _, err = paddock("verify", "ada/tiny", "--hub", "http://127.0.0.1:9")
    assert code == 1
    assert "did not answer" in err
    assert "Traceback" not in err
