"""Repositories over HTTP: create, delete, move, settings, and whether one may come in.

Reads what the clients of several generations send and answers in their words; the rules are in
``hub.repositories`` and ``hub.access`` (hub protocol 3, 14).
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, Field, StrictBool, WithJsonSchema

from paddock.errors import BadInput, shown
from paddock.hub import access, names, repositories
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.errors import AlreadyExists, NotOffered
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.repositories import NewRepository, Settings
from paddock.hub.spaces.settings import MAX_SETTINGS, SECRET, VARIABLE, NewSetting, put_all
from paddock.hub.types import Caller, Kind, Need

router = APIRouter()

_INVITED = "invited"  # a visibility of ours: private, but for those who were let in


class InitialFile(BaseModel):
    path: str
    content: str
    encoding: Literal["base64", "utf-8"] = "base64"

    def decoded(self) -> bytes:
        if self.encoding == "utf-8":
            return self.content.encode()
        try:
            return base64.b64decode(self.content, validate=True)
        except (binascii.Error, ValueError) as e:
            raise BadInput(f"the content of {shown(self.path)} is not base64") from e


class SettingBody(BaseModel):
    key: str
    value: str
    description: str | None = None


class CreateBody(BaseModel):
    name: str
    organization: str | None = None
    type: Kind | None = None
    visibility: str | None = None
    private: StrictBool | None = None
    sdk: str | None = None
    license: str | None = None
    files: list[InitialFile] = Field(default_factory=list)
    resource_group: str | None = Field(default=None, alias="resourceGroupId", max_length=24)
    secrets: list[SettingBody] = Field(default_factory=list, max_length=MAX_SETTINGS)
    variables: list[SettingBody] = Field(default_factory=list, max_length=MAX_SETTINGS)

    def settings(self) -> dict[str, list[NewSetting]]:
        """Secrets and variables of a new space."""
        given = {SECRET: self.secrets, VARIABLE: self.variables}
        return {
            kind: [NewSetting(one.key, one.value, one.description) for one in many]
            for kind, many in given.items()
        }


class DeleteBody(BaseModel):
    name: str
    organization: str | None = None
    type: Kind | None = None


class MoveBody(BaseModel):
    fromRepo: str
    toRepo: str
    type: Annotated[Kind | Literal["bucket"] | None, WithJsonSchema({"enum": [*Kind, None]})] = None


class SettingsBody(BaseModel):
    private: StrictBool | None = None
    visibility: str | None = None
    gated: Literal["auto", "manual", False] | None = None


@router.post("/api/repos/create")
def create(request: Request, hub: HubDep, caller: CallerDep, body: CreateBody) -> dict[str, str]:
    wanted = NewRepository(
        kind=body.type or Kind.MODEL,
        name=body.name,
        namespace=body.organization or None,
        is_private=_is_private(body.private, body.visibility),
        sdk=body.sdk,
        licence=body.license,
        files={file.path: file.decoded() for file in body.files},
        resource_group=body.resource_group,
    )
    try:
        with hub.database.write() as conn:
            repo = repositories.create_repository(conn, caller, wanted)
            if repo.kind is Kind.SPACE:
                for kind, many in body.settings().items():
                    put_all(conn, repo, kind, many)
    except AlreadyExists as e:
        raise _with_full_url(e, hub, request) from e
    url = hub.base_url(request) + repo.web_path
    return {"url": url, "name": repo.full_name, "id": repo.public_id}


@router.delete("/api/repos/delete")
def delete(hub: HubDep, caller: CallerDep, body: Annotated[DeleteBody, Body()]) -> dict[str, Any]:
    namespace = body.organization or access.require_user(caller).name
    name = RepositoryName(body.type or Kind.MODEL, namespace, body.name)
    with hub.database.write() as conn:
        repositories.delete_repository(conn, caller, name)
    return {}


@router.post("/api/repos/move")
def move(request: Request, hub: HubDep, caller: CallerDep, body: MoveBody) -> dict[str, Any]:
    if body.type == "bucket":
        raise NotOffered("this hub does not offer buckets")
    kind = Kind(body.type or Kind.MODEL)
    old = names.parse_repository_name(kind, body.fromRepo)
    new = names.parse_repository_name(kind, body.toRepo)
    try:
        with hub.database.write() as conn:
            repo = repositories.move_repository(conn, caller, old, new)
    except AlreadyExists as e:
        raise _with_full_url(e, hub, request) from e
    return {"url": hub.base_url(request) + repo.web_path}


@router.put(API_REPOSITORY + "/settings")
def change_settings(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: SettingsBody
) -> dict[str, Any]:
    is_invited = body.visibility == _INVITED
    wanted = Settings(
        is_private=True if is_invited else _is_private(body.private, body.visibility),
        gated=None if body.gated is None else (body.gated or ""),
        is_invited=is_invited,
    )
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        repo = repositories.change_settings(conn, repo, wanted, actor=caller.account)
    visibility = _INVITED if repo.is_invited else "private" if repo.is_private else "public"
    return {"private": repo.is_private, "gated": repo.gated or False, "visibility": visibility}


@router.get(API_REPOSITORY + "/auth-check")
def auth_check(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    return _check(hub, caller, name, Need.CONTENT)


@router.get(API_REPOSITORY + "/auth-check/write")
def auth_check_write(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    return _check(hub, caller, name, Need.WRITE)


def _check(hub: Hub, caller: Caller, name: RepositoryName, need: Need) -> dict[str, Any]:
    with hub.database.read() as conn:
        access.open_repository(conn, caller, name, need)
    return {}


def _is_private(private: bool | None, visibility: str | None) -> bool | None:
    """Both spellings; the newer one wins, as the newer clients send only that."""
    if visibility is None:
        return private
    if visibility not in {"public", "private"}:
        raise BadInput(f'visibility must be "public" or "private", not {shown(visibility)}')
    return visibility == "private"


def _with_full_url(error: AlreadyExists, hub: Hub, request: Request) -> AlreadyExists:
    """Clients parse the address of the existing repository out of the 409."""
    url = hub.base_url(request) + error.url if error.url else None
    return AlreadyExists(error.message, url=url)
