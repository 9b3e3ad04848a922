"""``paddock admin``: what scripts and people rely on, also while a server runs."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from paddock.hub.people.passwords import verify_password
from paddock.hub.tables import accounts
from paddock.storage.database import Database
from tests.cli.at_hand import run
from tests.live import live_server


def admin(data: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run(data.parent, "admin", *arguments, "--data", str(data), stdin=stdin)


def done(data: Path, *arguments: str, stdin: str = "") -> str:
    answer = admin(data, *arguments, stdin=stdin)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    return answer.stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_hub_is_initialised_once_and_its_first_token_works(data: Path) -> None:
    printed = done(data, "init")
    name, token = re.fullmatch(r"admin: (\w+)\ntoken: (hf_\w{34,})\n", printed).groups()
    again = admin(data, "init")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("error: this hub is initialised already")
    assert "hint: " in again.stderr
    with live_server(data, f"sqlite:///{data / 'paddock.db'}") as server:
        me = HfApi(endpoint=server.url, token=token).whoami()
    assert me["name"] == name == "admin"
    assert me["auth"]["accessToken"]["isAdmin"] is True


def test_json_prints_one_object(data: Path) -> None:
    first = json.loads(done(data, "init", "--name", "root-of-all", "--json"))
    assert first["name"] == "root-of-all"
    assert first["token"].startswith("hf_")
    again = admin(data, "init", "--json")
    assert json.loads(again.stdout)["error"]["code"] == "already_initialised"


def test_users_organisations_and_tokens_are_made_while_the_server_runs(data: Path) -> None:
    done(data, "init")
    with live_server(data, f"sqlite:///{data / 'paddock.db'}") as server:
        assert done(data, "user", "add", "alice", "--full-name", "Alice A") == (
            "created user alice\n"
        )
        done(data, "org", "add", "lab", "--owner", "alice", "--private-by-default")
        token = done(data, "token", "add", "Alice", "--role", "write")
        assert re.fullmatch(r"hf_\w{34,}\n", token)
        api = HfApi(endpoint=server.url, token=token.strip())
        assert api.whoami()["fullname"] == "Alice A"
        api.create_repo("lab/m")
        assert api.model_info("lab/m").private is True
        reader = done(data, "token", "add", "alice", "--role", "read", "--label", "ci").strip()
        shown = HfApi(endpoint=server.url, token=reader).whoami()["auth"]["accessToken"]
        assert (shown["displayName"], shown["role"]) == ("ci", "read")


def test_a_password_comes_from_standard_input_and_is_stored_as_its_hash(data: Path) -> None:
    done(data, "init")
    email = ("--email", "bob@Example.org")
    done(data, "user", "add", "bob", "--admin", *email, "--password-stdin", stdin="correct horse\n")
    database = Database(f"sqlite:///{data / 'paddock.db'}")
    with database.read() as conn:
        row = conn.execute(accounts.select().where(accounts.c.key == "bob")).one()
    database.dispose()
    assert row.is_admin is True
    assert row.email == "bob@example.org" and row.email_verified_at is not None
    assert verify_password("correct horse", row.password_hash)
    for stdin in ("", "\n", "short\n"):
        refused = admin(data, "user", "add", "eve", "--password-stdin", stdin=stdin)
        assert refused.returncode == 1
        assert "short" not in refused.stdout + refused.stderr
    assert "no user named 'eve'" in admin(data, "token", "add", "eve", "--role", "read").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["user", "add", "api"], 1, "'api' cannot be the name of an account"),
        (["user", "add", "a\nb"], 1, "'a\\nb' cannot be the name of an account"),
        (["user", "add", "ADMIN"], 1, "an account named ADMIN already exists"),
        (["org", "add", "lab", "--owner", "nobody"], 1, "there is no user named 'nobody'"),
        (["org", "add", "lab"], 2, "missing option '--owner'"),
        (["token", "add", "nobody", "--role", "read"], 1, "there is no user named 'nobody'"),
        (["token", "add", "admin", "--role", "king"], 2, "'king' is not one of"),
        (["token", "add", "admin"], 2, "missing option '--role'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(
    initialised: Path, arguments: list[str], code: int, sentence: str
) -> None:
    answer = admin(initialised, *arguments)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert sentence in answer.stderr


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("admin") / "data"
    done(data, "init")
    return data


def test_a_folder_without_a_hub_is_not_made_into_one_by_accident(data: Path) -> None:
    answer = admin(data, "user", "add", "alice")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: there is no hub in ")
    assert not data.exists()


def test_tokens_are_listed_and_revoked(data: Path) -> None:
    done(data, "init")
    token = done(data, "token", "add", "admin", "--role", "read", "--label", "laptop")
    listed = json.loads(done(data, "token", "list", "admin", "--json"))["tokens"]
    assert (listed[0]["role"], listed[0]["label"]) == ("read", "laptop")
    assert token.strip() not in json.dumps(listed)
    done(data, "token", "revoke", "admin", str(listed[0]["id"]))
    again = json.loads(done(data, "token", "list", "admin", "--json"))["tokens"]
    assert len(again) == len(listed) - 1


def test_accounts_are_renamed_and_deleted_and_their_names_kept(data: Path) -> None:
    done(data, "init")
    done(data, "user", "add", "ulla")
    done(data, "org", "add", "field", "--owner", "ulla")
    assert "is now Ulla-M" in done(data, "user", "rename", "ulla", "Ulla-M")
    done(data, "org", "delete", "field", "--keeper", "ulla-m")
    kept = json.loads(done(data, "name", "list", "--json"))["names"]
    assert [(one["name"], one["reason"], one["keeper"]) for one in kept] == [
        ("field", "deleted", "Ulla-M"),
        ("ulla", "renamed", "Ulla-M"),
    ]
    done(data, "org", "add", "field", "--owner", "ulla-m")
    done(data, "name", "release", "ulla")
    done(data, "user", "add", "ulla")
