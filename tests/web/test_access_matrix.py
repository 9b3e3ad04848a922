"""Every route, asked as everybody at every stage, answers as the table of access says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from paddock.hub.access_table import Outcome, Right, Stage, Who, outcome
from tests.web.access_routes import (
    BODIES,
    ELSEWHERE,
    OF_DATASETS,
    OF_SPACES,
    OF_WEIGHTS,
    RIGHT_OF,
    STAGES_OF_SPACES,
    WITH_WEIGHTS,
    written,
)
from tests.web.access_world import WEIGHTS, World, address, commit_body, make_world
from tests.web.routes import Route, every_route

# What an answer may be to somebody who may: done, or why not, for another reason than who asks.
OTHER_REASONS = {400, 404, 409, 422, 501}


def routes() -> list[Route]:
    """Those with a repository in their address; what takes something away comes last."""
    found = [r for r in every_route() if r.has_repository and "refused" not in r.module]

    def taken_away(route: Route) -> tuple[int, str]:
        words = ("delete", "settings", "merge", "hide", "ask-access", "user-access")
        if "ask-access" in route.path:
            return len(words), route.path  # whoever asks may read from then on
        return (route.method == "DELETE") + sum(w in route.path for w in words), route.path

    return sorted(found, key=taken_away)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def test_every_route_is_in_the_table_once() -> None:
    named = [written(f"{route.method} {route.path}") for route in routes()]
    assert sorted(set(named) - RIGHT_OF.keys() - ELSEWHERE.keys()) == []
    assert sorted((RIGHT_OF.keys() | ELSEWHERE.keys()) - set(named)) == []
    assert sorted(RIGHT_OF.keys() & ELSEWHERE.keys()) == []


@pytest.mark.parametrize("stage", Stage)
def test_everybody_is_answered_as_the_table_says(world: World, stage: Stage) -> None:
    wrong = []
    for route in routes():
        key = written(f"{route.method} {route.path}")
        if key not in RIGHT_OF or (key in OF_SPACES and stage not in STAGES_OF_SPACES):
            continue
        asked = {RIGHT_OF[key]: "a.txt"} | ({Right.WEIGHTS: WEIGHTS} if key in OF_WEIGHTS else {})
        for right, path in asked.items():
            for who in Who:
                wanted = outcome(right, stage, who)
                if key in WITH_WEIGHTS and wanted is Outcome.ALLOWED:
                    wanted = outcome(Right.WEIGHTS, stage, who)
                answer = ask(world, route, key, who, stage, path)
                if told(answer) != wanted:
                    wrong.append(
                        f"{key} {right} {who}: {answer.status_code} not {wanted} {answer.text[:80]}"
                    )
    assert not wrong, "\n".join(wrong)


def test_lists_show_everybody_what_they_may_see(world: World) -> None:
    for who, person in world.people.items():
        found = person.send("GET", "/api/models?author=lab&search=all&limit=100", None).json()
        seen = {stage for stage in Stage if outcome(Right.SEE, stage, who) is Outcome.ALLOWED}
        assert {one["id"] for one in found} == {f"lab/{stage}-all" for stage in seen}, who


def ask(world: World, route: Route, key: str, who: Who, stage: Stage, file: str) -> httpx.Response:
    person, named = world.people[who], world.of(who, stage)
    of_pull_request = ("/merge", "/files", "/delete-commits")
    values = {
        "namespace": "lab", "rev": "main", "path": file, "branch": "new", "tag": "v1",
        "num": "2" if route.path.endswith(of_pull_request) else "1", "spec": "main..v1",
        "status": "pending", **named,
    }  # fmt: skip
    if route.method == "DELETE":
        values["branch"] = "old"
    kind = "datasets" if key in OF_DATASETS else "spaces" if key in OF_SPACES else "models"
    if kind != "models":
        values["name"] = f"{stage}-all"
    path = address(route.raw, values, kind)
    if path.endswith("/info/refs"):
        path += "?service=git-upload-pack"
    return person.ask(route, path, body_of(route, key, {**values, "own": person.name}))


def body_of(route: Route, key: str, values: dict[str, str]) -> Any:
    if key == "POST @/commit/{rev}":
        return commit_body({"b.txt": b"b"})
    if "/git-" in route.path:
        return b"0000"
    body = BODIES.get(key, {})
    return {k: v.format(**values) if isinstance(v, str) else v for k, v in body.items()}


def told(answer: httpx.Response) -> Outcome | int:
    """What the answer says about who asks."""
    status, leads_to = answer.status_code, answer.headers.get("location", "")
    if status == 401 or leads_to.startswith("/login"):
        return Outcome.UNKNOWN
    if leads_to.endswith("/ask-access") and answer.request.method == "GET":
        is_known = "paddock_session" in answer.request.headers["cookie"]  # others sign in first
        return Outcome.FORBIDDEN if is_known else Outcome.UNKNOWN
    if status == 403:
        return Outcome.FORBIDDEN
    is_hidden = "the report" in answer.text or answer.headers.get("x-error-code") == "RepoNotFound"
    if status == 404 and is_hidden:
        return Outcome.HIDDEN
    return Outcome.ALLOWED if status < 400 or status in OTHER_REASONS else status
