"""What owners announce with the release's key, the hub tells everybody, and nobody else can."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.release.lifecycle import announcing
from paddock.signing.events.log import BRANCH, LOG_NAME
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.hub.lifecycle.published import Model, advisory, publish
from tests.live import LiveServer
from tests.release.signed import write_keys

_numbers = itertools.count()


@pytest.fixture
def model(
    shared_server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> Model:
    name = f"lab{next(_numbers)}"
    return publish(shared_server, name, tmp_path / name, paddock, monkeypatch)


def test_a_revocation_is_on_the_page_in_the_api_and_in_a_header(model: Model) -> None:
    told = advisory(model.folder)
    code, out, error = model.announce(
        "revoke", f"{model.repo}@1.0.0", "--reason", "privacy", "--advisory", told
    )
    assert code == 0, error
    assert "tiny 1.0.0 was revoked" in out
    assert model.told("1.0.0")["state"] == "revoked"
    assert model.told()["state"] == "current"
    page = model.stranger(f"/{model.repo}/tree/1.0.0").text
    assert "ACME-2026-001" in page
    assert "What to do: Use 1.1.0. Right again in: 1.1.0." in page
    assert "&lt;b&gt;training&lt;/b&gt;" in page
    about = model.stranger(f"/{model.repo}/blob/1.0.0/config.json").text
    assert "What to do: Use 1.1.0." in about
    assert "?download=true" in about
    weights = model.stranger(f"/{model.repo}/blob/1.0.0/model.safetensors").text
    assert "These weights were taken back" in weights
    assert "?download=true" not in weights
    assert "revoked" not in model.stranger(f"/{model.repo}").text
    info = model.stranger(f"/api/models/{model.repo}/revision/1.0.0")
    assert info.headers["X-Paddock-Advisory"] == "revoked; ACME-2026-001"
    assert info.json()["lifecycle"]["events"][0]["advisory"]["fixed"] == ["1.1.0"]
    newest = model.stranger(f"/api/models/{model.repo}")
    assert "X-Paddock-Advisory" not in newest.headers
    assert "lifecycle" not in newest.json()
    assert model.api.model_info(model.repo, revision="1.0.0").id == model.repo


def test_revoked_weights_are_for_writers_and_nothing_else_is_kept(model: Model) -> None:
    assert model.announce("revoke", f"{model.repo}@1.0.0", "--reason", "unsafe")[0] == 0
    model.told()
    refused = model.stranger(f"/{model.repo}/resolve/1.0.0/model.safetensors")
    assert refused.status_code == 403
    assert refused.headers["X-Error-Code"] == "ReleaseRevoked"
    assert "was revoked" in refused.json()["error"]
    mine = model.owner("GET", f"/{model.repo}/resolve/1.0.0/model.safetensors")
    assert mine.content == b"first" * 1000
    for path in ("1.0.0/config.json", "1.0.0/README.md", "main/model.safetensors"):
        assert model.stranger(f"/{model.repo}/resolve/{path}").status_code == 200, path


def test_bytes_that_a_good_release_holds_too_go_on_being_served(model: Model) -> None:
    model.release("1.0.1", b"first" * 1000)
    assert model.announce("revoke", f"{model.repo}@1.0.0", "--reason", "rights")[0] == 0
    assert model.told("1.0.0")["state"] == "revoked"
    assert model.stranger(f"/{model.repo}/resolve/1.0.1/model.safetensors").status_code == 200


def test_milder_events_are_told_and_the_worst_counts(model: Model) -> None:
    target = f"{model.repo}@1.0.0"
    assert model.announce("supersede", target, "--reason", "better", "--by", "1.1.0")[0] == 0
    assert model.told("1.0.0")["state"] == "superseded"
    assert model.announce("yank", target, "--reason", "broken tokenizer")[0] == 0
    assert model.announce("deprecate", target, "--reason", "old")[0] == 0
    told = model.told("1.0.0")
    assert told["state"] == "yanked"
    assert [event["kind"] for event in told["events"]] == ["yank", "deprecate", "supersede"]
    assert model.stranger(f"/{model.repo}/resolve/1.0.0/model.safetensors").status_code == 200


def test_another_key_announces_nothing(model: Model, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    key, _ = write_keys(tmp_path / "other", ec.generate_private_key(ec.SECP256R1()))
    target = f"{model.repo}@1.0.0"
    code, _, error = model.announce("revoke", target, "--reason", "spite", key=key)
    assert code == 1
    assert "did not sign tiny 1.0.0" in error


def test_who_may_write_and_signs_again_with_a_key_of_their_own_announces_nothing(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "own").mkdir()
    key, _ = write_keys(tmp_path / "own", own)
    model.release("1.2.0", b"third" * 1000, signer=own, named=model.private)
    spite = ("revoke", f"{model.repo}@1.2.0", "--reason", "spite")
    code, _, error = model.announce(*spite, key=key)
    assert (code, "did not sign tiny 1.2.0" in error) == (1, True)
    monkeypatch.setattr(announcing, "_require_key", lambda release, signer: None)
    assert model.announce(*spite, key=key)[0] == 0  # a client of their own
    assert model.told("1.2.0")["state"] == "current"


def test_an_event_by_a_strangers_key_on_the_branch_does_not_count(
    model: Model, tmp_path: Path
) -> None:
    """Who may write puts a log there that is right in itself, by a key of their own."""
    (tmp_path / "other").mkdir()
    private = ec.generate_private_key(ec.SECP256R1())
    key, _ = write_keys(tmp_path / "other", private)
    model.release("6.6.6", b"third" * 1000, signer=private)
    forged = model.announce("revoke", f"{model.repo}@6.6.6", "--reason", "x", key=key)
    assert forged[0] == 0
    assert model.told("6.6.6")["state"] == "revoked"  # of their own release they may say it
    assert model.told("1.0.0")["state"] == "current"


def test_what_was_announced_cannot_be_unsaid(model: Model) -> None:
    assert model.announce("revoke", f"{model.repo}@1.0.0", "--reason", "unsafe")[0] == 0
    assert model.told("1.0.0")["state"] == "revoked"
    model.api.delete_branch(model.repo, branch=BRANCH)
    assert model.told("1.0.0")["state"] == "revoked"
    model.api.create_branch(model.repo, branch=BRANCH)
    model.api.upload_file(
        path_or_fileobj=b'{"events":[]}', path_in_repo=LOG_NAME, repo_id=model.repo, revision=BRANCH
    )
    assert model.told("1.0.0")["state"] == "revoked"
    assert model.stranger(f"/{model.repo}/resolve/1.0.0/model.safetensors").status_code == 403


def test_the_same_thing_is_announced_once(model: Model) -> None:
    target = f"{model.repo}@1.0.0"
    assert model.announce("deprecate", target, "--reason", "old")[0] == 0
    code, _, error = model.announce("deprecate", target, "--reason", "old")
    assert (code, "this was announced before" in error) == (1, True)
    code, _, error = model.announce("supersede", target, "--reason", "x", "--by", "1.0.0")
    assert (code, "cannot supersede itself" in error) == (1, True)


def test_main_holds_exactly_the_release_and_the_branch_only_the_events(model: Model) -> None:
    before = sorted(model.api.list_repo_files(model.repo))
    assert model.announce("yank", f"{model.repo}@1.0.0", "--reason", "broken")[0] == 0
    assert sorted(model.api.list_repo_files(model.repo)) == before
    assert model.api.list_repo_files(model.repo, revision=BRANCH) == [LOG_NAME]


def test_a_branch_of_that_name_with_other_files_is_left_alone(model: Model) -> None:
    model.api.create_branch(model.repo, branch=BRANCH)
    model.api.delete_file("release.json", model.repo, revision=BRANCH)
    code, _, error = model.announce("yank", f"{model.repo}@1.0.0", "--reason", "broken")
    assert (code, "holds other files" in error) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["revoke", "acme/tiny", "--reason", "x"], "names no revision"),
        (["supersede", "acme/tiny@1.0.0", "--reason", "x"], "supersede needs --by VERSION"),
        (["yank", "acme/tiny@1.0.0", "--reason", "x", "--by", "2"], "--by is for supersede"),
    ],
)
def test_wrong_usage_is_exit_2(paddock: Paddock, arguments: list[str], said: str) -> None:
    code, _, error = paddock("release", *arguments)
    assert (code, said in error) == (2, True)


def test_a_revision_without_a_release_is_told(model: Model) -> None:
    model.api.create_branch(model.repo, branch="empty")
    model.api.delete_file("release.json", model.repo, revision="empty")
    code, _, error = model.announce("revoke", f"{model.repo}@empty", "--reason", "x")
    assert (code, "is no release: it has no release.json" in error) == (1, True)
