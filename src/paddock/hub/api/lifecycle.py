"""``lifecycle``: what was announced about the releases of a repository, and keeping to it.

GET   …/lifecycle?revision=main   how a revision stands, by events that count
POST  …/lifecycle                 read the events now, and keep to their stages (owners)
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from paddock import clock
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import refs
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.lifecycle import reading, stages, standing
from paddock.hub.types import Need

router = APIRouter()

_LIFECYCLE = API_REPOSITORY + "/lifecycle"


@router.get(_LIFECYCLE)
def read_standing(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    revision: Annotated[str, Query(max_length=300)] = "main",
) -> dict[str, Any]:
    """How a revision stands."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        commit_oid = refs.resolve_revision(conn, repo, revision)
        told = standing.tell(conn, repo, commit_oid, clock.now())
        follows = bool(stages.followed_keys(conn, repo.id))
    return {**told.to_json(), "revision": commit_oid, "followsStages": follows}


@router.post(_LIFECYCLE)
def keep_to_events(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    """Read the events now, and from now on let every announced stage begin when it is due."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.OWN)
        keys = reading.keys_of_main(hub, conn, repo)
    if not keys:
        raise EntryNotFound(
            f"no event of {repo.full_name} is by a key that signed the release on its main branch"
        )
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        stages.follow(conn, repo, access.require_user(caller), keys)
    reading.read_now(hub, repo.id)
    with hub.database.read() as conn:
        told = standing.tell(conn, repo, repo.head_oid, clock.now())
    return {**told.to_json(), "followsStages": True}
