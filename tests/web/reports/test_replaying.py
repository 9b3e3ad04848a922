"""A report is replayed where its model is served, and the outputs stand side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from paddock.starter import starter_folder
from tests.databases import sqlite_url
from tests.hub.reports.reported import Reported, client, reported
from tests.live import LiveServer, live_server


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("hub")
    others = {"serve_models": "*", "serve_threads": 1, "packed_bytes": 0}
    with live_server(folder / "data", sqlite_url(folder), **others) as running:
        yield running


@pytest.fixture(scope="module")
def model(serving: LiveServer) -> Iterator[Reported]:
    with reported(serving) as made:
        serving.api(made.tokens["keeper"]).upload_folder(
            repo_id=made.repo_id, folder_path=str(Path(starter_folder()))
        )
        yield made


def test_the_same_revision_says_the_same_and_another_prompt_does_not(model: Reported) -> None:
    asked = {"model": model.repo_id, "prompt": "The teapot", "temperature": 0, "max_tokens": 8}
    said = model.finder.post("/v1/completions", json=asked).json()["choices"][0]["text"]
    settings = {"temperature": 0, "max_tokens": 8}
    same = model.report(messages=None, prompt="The teapot", settings=settings, output=said)
    other = model.report(messages=None, prompt="The teapot", settings=settings, output="Else.")
    for report, is_identical in ((same, True), (other, False)):
        replayed = _replay(model.finder, model, report)
        assert replayed.status_code == 200, replayed.text
        told = replayed.json()
        assert (told["identical"], told["output"], told["maxTokens"]) == (is_identical, said, 8)
        assert told["revision"] == model.read(report).json()["revision"]
        assert model.read(report).json()["replays"] == [told]
    chat = model.report(settings={"max_tokens": 4, "seed": 1, "stop": ["\n"]})
    assert _replay(model.keeper, model, chat).json()["finishReason"] in {"stop", "length"}


def test_a_newer_main_is_another_revision(model: Reported) -> None:
    report = model.report(settings={"max_tokens": 2, "temperature": 0})
    reported_at = model.read(report).json()["revision"]
    api = model.server.api(model.tokens["keeper"])
    api.upload_file(path_or_fileobj=b"new", path_in_repo="notes.txt", repo_id=model.repo_id)
    now = _replay(model.keeper, model, report, revision="main").json()["revision"]
    then = _replay(model.keeper, model, report).json()["revision"]
    assert (then, now != then) == (reported_at, True)


def test_only_the_two_sides_replay_and_only_what_can_be(model: Reported) -> None:
    endless = [{"role": "user", "content": "tea " * 30_000}]  # longer than the model's context
    report = model.report(messages=endless)
    model.steps(report, "triaged", public="now")
    for who, status in ((model.other, 403), (model.stranger, 401)):
        assert _replay(who, model, report).status_code == status
    assert _replay(model.finder, model, report, revision="else").status_code == 400
    refused = _replay(model.finder, model, report)
    assert (refused.status_code, refused.json()["error"] != "") == (400, True)
    assert model.read(report).json()["replays"] == []
    with reported(model.server) as empty:  # a repository without a model
        asked = _replay(empty.finder, empty, empty.report())
        assert 400 <= asked.status_code < 500 or asked.status_code == 503
        assert asked.json()["error"]


def test_a_gated_model_is_replayed_for_those_who_were_let_in(model: Reported) -> None:
    report = model.report(settings={"max_tokens": 2})
    api = model.server.api(model.tokens["keeper"])
    api.update_repo_settings(model.repo_id, gated="manual")
    try:
        assert _replay(model.finder, model, report).status_code == 409
        assert _replay(model.keeper, model, report).status_code == 200
    finally:
        api.update_repo_settings(model.repo_id, gated=False)


def test_where_nothing_is_served_it_is_said(shared_server: LiveServer) -> None:
    with reported(shared_server) as model, client(shared_server, model.tokens["keeper"]) as who:
        answer = _replay(who, model, model.report())
        assert (answer.status_code, "serves no models" in answer.text) == (409, True)


def _replay(
    who: httpx.Client, model: Reported, report: str, revision: str = "reported"
) -> httpx.Response:
    return who.post(f"{model.at}/{report}/replay", json={"revision": revision})
