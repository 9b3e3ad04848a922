"""Stages that were announced begin when they are due, once an owner asked for that."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.clock import to_text
from paddock.hub.jobs.tables import jobs
from paddock.hub.lifecycle import stages
from paddock.hub.lifecycle.requests import STAGES
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.hub.lifecycle.published import Model, publish
from tests.live import LiveServer
from tests.release.signed import write_keys

_numbers = itertools.count()


@pytest.fixture
def model(
    shared_server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> Model:
    name = f"stager{next(_numbers)}"
    return publish(shared_server, name, tmp_path / name, paddock, monkeypatch)


def settings(model: Model) -> tuple[bool, object]:
    info = model.api.model_info(model.repo)
    return bool(info.private), info.gated


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the hub's stages think that it is then."""
    monkeypatch.setattr(stages, "clock", SimpleNamespace(now=lambda: moment))


@pytest.mark.parametrize(
    ("stage", "more", "expected"),
    [
        ("trusted", [], (True, False)),
        ("invited", [], (True, False)),
        ("gated", [], (False, "auto")),
        ("gated", ["--mechanism", "manual"], (False, "manual")),
        ("open", [], (False, False)),
    ],
)
def test_a_stage_that_begins_now_holds_at_once(
    model: Model, stage: str, more: list[str], expected: tuple[bool, object]
) -> None:
    code, out, error = model.announce("stage", model.repo, stage, *more)
    assert (code, f"the stage is {stage}" in out) == (0, True), error
    assert settings(model) == expected


def test_a_schedule_is_told_waited_for_and_kept(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    gated, opened = now + timedelta(days=1), now + timedelta(days=30)
    assert model.announce("stage", model.repo, "internal")[0] == 0
    assert model.announce("stage", model.repo, "gated", "--at", to_text(gated))[0] == 0
    assert model.announce("stage", model.repo, "open", "--at", to_text(opened))[0] == 0
    told = model.owner("GET", f"/api/models/{model.repo}/lifecycle").json()
    assert [event["stage"] for event in told["coming"]] == ["gated", "open"]
    assert settings(model) == (True, False)
    with model.server.hub.database.read() as conn:
        query = sa.select(jobs.c.not_before).where(jobs.c.kind == STAGES)
        waiting = [moment for moment in conn.execute(query).scalars()]
        repo_id = conn.execute(sa.text("select id from repositories where full_name = :n"),
                               {"n": model.repo}).scalar_one()  # fmt: skip
    assert any(abs(moment - gated) < timedelta(seconds=1) for moment in waiting)
    at(monkeypatch, gated + timedelta(minutes=1))
    stages.stage_is_due(model.server.hub, {"repo_id": repo_id})
    assert settings(model) == (False, "auto")
    model.api.update_repo_settings(model.repo, private=True)  # by hand, in between
    stages.stage_is_due(model.server.hub, {"repo_id": repo_id})
    assert settings(model) == (True, "auto")
    at(monkeypatch, opened + timedelta(minutes=1))
    stages.stage_is_due(model.server.hub, {"repo_id": repo_id})
    assert settings(model) == (False, False)


def test_who_may_only_write_moves_no_stage(model: Model, tmp_path: Path) -> None:
    """A contributor with a key of their own opens nothing: neither by the branch nor by asking."""
    assert model.announce("stage", model.repo, "internal")[0] == 0
    (tmp_path / "other").mkdir()
    private = ec.generate_private_key(ec.SECP256R1())
    key, _ = write_keys(tmp_path / "other", private)
    model.release("9.9.9", b"other" * 1000, signer=private)
    from paddock.clock import now
    from paddock.release.lifecycle.announcing import Announcement, announce
    from paddock.release.publishing.hub_client import Hub
    from paddock.signing.signers import load_signer

    wanted = Announcement(model.repo, None, "stage", "mine", stage="open")
    signer = load_signer(str(key), tmp_path)
    announce(wanted, signer, model.api, Hub(model.server.url, model.token), now())
    model.server.run_jobs()
    assert settings(model) == (True, False)
    reader = model.server.user("onlooker")
    answer = model.owner("POST", f"/api/models/{model.repo}/lifecycle", token=reader)
    assert answer.status_code == 404
    assert settings(model) == (True, False)


def test_a_time_without_zone_and_a_mechanism_that_means_nothing_are_refused(
    model: Model,
) -> None:
    code, _, error = model.announce("stage", model.repo, "open", "--at", "2027-01-01T00:00:00")
    assert (code, "says no time zone" in error) == (1, True)
    code, _, error = model.announce("stage", model.repo, "open", "--mechanism", "manual")
    assert (code, "the stage open has no mechanism" in error) == (1, True)


def test_whom_the_owner_let_in_reads_while_the_stage_is_invited(model: Model) -> None:
    guest = model.server.user("guest")
    assert model.announce("stage", model.repo, "invited")[0] == 0
    path = f"/{model.repo}/resolve/main/config.json"
    assert model.owner("GET", path, guest).status_code == 404
    body = {"user": "guest"}
    asked = f"{model.server.url}/api/models/{model.repo}/user-access-request/grant"
    headers = {"Authorization": f"Bearer {model.token}"}
    assert httpx.post(asked, json=body, headers=headers).status_code == 200
    assert model.owner("GET", path, guest).status_code == 200
    assert model.announce("stage", model.repo, "trusted")[0] == 0
    assert model.owner("GET", path, guest).status_code == 404


def test_a_clock_that_leaps_and_is_put_back_undoes_no_decision(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    assert model.announce("stage", model.repo, "internal")[0] == 0
    for days, stage in ((10, "open"), (20, "gated")):
        begins = to_text(now + timedelta(days=days))
        assert model.announce("stage", model.repo, stage, "--at", begins)[0] == 0

    def look(days: int) -> tuple[bool, object]:
        at(monkeypatch, now + timedelta(days=days))
        with model.server.hub.database.write() as conn:
            repo = find_repository(conn, RepositoryName(Kind.MODEL, *model.repo.split("/")))
            assert repo is not None
            stages.keep_to(conn, repo)
        return settings(model)

    assert look(25) == (False, "auto")  # past both at once
    model.api.update_repo_settings(model.repo, private=True, gated=False)
    assert look(15) == (True, False)  # back between them: nothing opens it again
    assert look(25) == (True, False)
