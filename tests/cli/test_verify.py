"""``paddock verify``: exit 0 for trusted and for nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.cli import main
from tests.release.signed import write_keys, write_release

KEY = ec.generate_private_key(ec.SECP256R1())


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    code = stopped.value.code
    assert isinstance(code, int)
    return code, out, err


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "release", KEY)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return write_keys(tmp_path, KEY)[1]


def test_only_trusted_exits_with_zero(
    release: Path, public: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "verify", release, "--trust", public)
    assert code == 0
    assert out.startswith("trusted: ")
    code, out, _ = run(capsys, "verify", release)
    assert code == 1
    assert out.startswith("untrusted: ")
    (release / "config.json").write_bytes(b"{}")
    code, out, _ = run(capsys, "verify", release, "--trust", public)
    assert code == 1
    assert out.startswith("tampered: ")
    assert "config.json" in out


def test_the_trust_folder_counts_without_a_flag(
    release: Path, public: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home" / "trust").mkdir(parents=True)
    (tmp_path / "home" / "trust" / "acme.pem").write_bytes(public.read_bytes())
    assert run(capsys, "verify", release)[0] == 0


def test_a_program_gets_one_json_object(
    release: Path, public: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "verify", release, "--trust", public, "--json")
    verdict = json.loads(out)
    assert code == 0
    assert err == ""
    assert verdict["verdict"] == "trusted"
    assert verdict["integrity"] == "intact"
    assert verdict["reasons"] == []
    (release / "extra.txt").write_bytes(b"")
    code, out, _ = run(capsys, "verify", release, "--trust", public, "--json")
    assert code == 1
    assert json.loads(out)["problems"][0]["path"] == "extra.txt"


def test_what_is_not_there_is_one_sentence(
    tmp_path: Path, public: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "verify", tmp_path / "nowhere")
    assert code == 1
    assert err.startswith("error: ")
    code, _, err = run(capsys, "verify", tmp_path, "--trust", tmp_path / "nokey.pem")
    assert code == 1
    assert "nokey.pem" in err


def test_an_unreachable_hub_is_one_sentence(
    public: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "verify", "ada/tiny", "--hub", "http://127.0.0.1:9")
    assert code == 1
    assert "did not answer" in err
    assert "Traceback" not in err
