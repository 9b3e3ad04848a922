"""What is particular to spaces: secrets, variables, and the honest state of what does not run.

A space here is a repository. Whatever would run it is refused with one sentence, after the rights
to it were asked for like everywhere else.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from paddock import clock
from paddock.hub import access
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.errors import NotOffered
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.spaces import settings
from paddock.hub.spaces.settings import SECRET, VARIABLE, NewSetting, Setting
from paddock.hub.spaces.stage import runtime_of
from paddock.hub.types import Caller, Need

router = APIRouter()

# Only models, datasets and kernels have other kinds of address: this one says it is a space.
_SPACE = "/api/{kind:space}/{namespace:segment}/{name:segment}"
_RUNS = "this hub keeps spaces as repositories and does not run them"


class SettingBody(BaseModel):
    key: str = Field(max_length=256)
    value: str = Field(max_length=settings.MAX_VALUE_BYTES)
    description: str | None = Field(default=None, max_length=settings.MAX_DESCRIPTION_CHARS)


class KeyBody(BaseModel):
    key: str = Field(max_length=256)


@router.get(_SPACE + "/secrets")
def secrets(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    """Which secrets there are; never what they are."""
    return _shown(hub, caller, name, SECRET, Need.WRITE)


@router.post(_SPACE + "/secrets")
def put_secret(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: SettingBody
) -> dict[str, Any]:
    return _put(hub, caller, name, SECRET, body)


@router.delete(_SPACE + "/secrets")
def remove_secret(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: KeyBody
) -> dict[str, Any]:
    return _remove(hub, caller, name, SECRET, body)


@router.get(_SPACE + "/variables")
def variables(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    """Variables are as public as the space."""
    return _shown(hub, caller, name, VARIABLE, Need.METADATA)


@router.post(_SPACE + "/variables")
def put_variable(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: SettingBody
) -> dict[str, Any]:
    return _put(hub, caller, name, VARIABLE, body)


@router.delete(_SPACE + "/variables")
def remove_variable(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: KeyBody
) -> dict[str, Any]:
    return _remove(hub, caller, name, VARIABLE, body)


@router.get(_SPACE + "/runtime")
def runtime(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    """What state it is in: never a running one."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        return runtime_of(conn, repo)


@router.get(_SPACE + "/logs/{which:segment}", include_in_schema=False)
def logs(hub: HubDep, caller: CallerDep, name: RepositoryNameDep, which: str) -> None:
    with hub.database.read() as conn:
        access.open_repository(conn, caller, name, Need.WRITE)
    raise NotOffered(f"{_RUNS}, so there are no logs")


@router.api_route(
    _SPACE + "/{what:space_action}", methods=["POST", "PUT", "DELETE"], include_in_schema=False
)
def run(hub: HubDep, caller: CallerDep, name: RepositoryNameDep, what: str) -> None:
    """hardware, sleeptime, pause, restart, dev-mode, volumes and the like."""
    with hub.database.read() as conn:
        access.open_repository(conn, caller, name, Need.OWN)
    raise NotOffered(_RUNS, hint="download it, and run it where you have a machine for it")


def _shown(hub: Hub, caller: Caller, name: RepositoryName, kind: str, need: Need) -> dict[str, Any]:
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, need)
        return {one.key: _render(one) for one in settings.settings_of(conn, repo, kind)}


def _put(
    hub: Hub, caller: Caller, name: RepositoryName, kind: str, body: SettingBody
) -> dict[str, Any]:
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        settings.put(conn, repo, kind, NewSetting(body.key, body.value, body.description))
        return {one.key: _render(one) for one in settings.settings_of(conn, repo, kind)}


def _remove(
    hub: Hub, caller: Caller, name: RepositoryName, kind: str, body: KeyBody
) -> dict[str, Any]:
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        settings.remove(conn, repo, kind, body.key)
        return {one.key: _render(one) for one in settings.settings_of(conn, repo, kind)}


def _render(one: Setting) -> dict[str, Any]:
    value = {} if one.value is None else {"value": one.value}
    return {
        "key": one.key,
        **value,
        "description": one.description,
        "updatedAt": clock.to_text(one.updated_at),
    }
