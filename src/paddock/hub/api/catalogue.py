"""Information on one repository and lists of many, over HTTP (hub protocol 4).

Chooses what to load by what was asked for: most answers need a row, some need the revision's files,
one the headers of its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.catalogue import info, listing, weights
from paddock.hub.catalogue.info import View
from paddock.hub.catalogue.listing import Listing
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.git import files, refs
from paddock.hub.http import queries
from paddock.hub.http.paths import API_REPOSITORY, KindInPath, RepositoryNameDep, RevisionInPath
from paddock.hub.types import FileEntry, Kind, Need, Repository

router = APIRouter()

_PAGE_WITH_FILES = 100  # a page that walks the tree of every repository on it
_MAX_TAGS = 5000
_TAG_TYPES = (
    "base_model", "dataset", "language", "license", "task_categories", "task_ids",
    "size_categories", "multilinguality", "annotations_creators", "language_creators",
    "source_datasets", "arxiv",
)  # fmt: skip


@router.get("/api/{kind:kind}")
def list_repositories(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, kind: KindInPath
) -> list[dict[str, Any]]:
    fields = _fields_of_list(request, kind)
    asked = _listing(request, kind, fields)
    with hub.database.read() as conn:
        page = listing.list_repositories(conn, caller, asked)
        drafts = [_load(hub, conn, repo, repo.head_oid, fields) for repo in page.repositories]
    if page.next_cursor is not None:
        response.headers["Link"] = queries.link_to_next(request, hub, page.next_cursor)
    return [info.render(draft.view(), fields) for draft in drafts]


@router.get("/api/{kind:kind}-tags-by-type")
def list_tags(hub: HubDep, caller: CallerDep, kind: KindInPath) -> dict[str, list[dict[str, str]]]:
    with hub.database.read() as conn:
        tags = listing.tags_in_use(conn, caller, kind, _MAX_TAGS)
    grouped: dict[str, list[dict[str, str]]] = {}
    for tag in tags:
        before, colon, after = tag.partition(":")
        type_ = before if colon and before in _TAG_TYPES else "other"
        label = after if type_ != "other" else tag
        grouped.setdefault(type_, []).append({"id": tag, "label": label, "type": type_})
    return grouped


@router.get(API_REPOSITORY)
def repository_info(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> dict[str, Any]:
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        draft = _draft(request, hub, conn, repo, repo.head_oid)
    return _answer(request, draft)


@router.get(API_REPOSITORY + "/revision/{rev:revision}")
def revision_info(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
) -> dict[str, Any]:
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        oid = refs.resolve_revision(conn, repo, rev)
        draft = _draft(request, hub, conn, repo, oid)
    return _answer(request, draft)


@router.get("/api/{kind:kind}/{single:segment}")
def without_namespace(caller: CallerDep, kind: KindInPath, single: str) -> None:
    """Names without a namespace are legacy on the Hub; here nothing has one."""
    raise access.missing(caller, kind, single)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A view whose weights are not read yet: that is done outside the transaction."""

    repo: Repository
    sha: str | None
    entries: Sequence[FileEntry]
    weight_files: Sequence[weights.WeightFile]
    fields: Sequence[str]

    def view(self, *, with_blobs: bool = False) -> View:
        summary = weights.summarise(self.weight_files)
        return View(self.repo, self.sha, self.entries, summary, with_blobs)


def _draft(
    request: Request, hub: Hub, conn: sa.Connection, repo: Repository, oid: str | None
) -> _Draft:
    expand = queries.many(request, "expand")
    fields = info.check_fields(repo.kind, expand) if expand else info.default_fields(repo.kind)
    return _load(hub, conn, repo, oid, fields)


def _load(
    hub: Hub, conn: sa.Connection, repo: Repository, oid: str | None, fields: Sequence[str]
) -> _Draft:
    entries: list[FileEntry] = []
    if oid is not None and "siblings" in fields:
        entries = files.all_files(conn, repo, oid)
    elif oid is not None and "safetensors" in fields:  # models keep their weights at the root
        found = files.list_folder(conn, repo, oid, "", recursive=False)
        entries = [entry for entry in found if isinstance(entry, FileEntry)]
    shards = weights.weight_files(hub, conn, repo, entries) if "safetensors" in fields else []
    return _Draft(repo, oid, entries, shards, fields)


def _answer(request: Request, draft: _Draft) -> dict[str, Any]:
    answer = info.render(draft.view(with_blobs=bool(queries.flag(request, "blobs"))), draft.fields)
    if queries.flag(request, "securityStatus"):
        answer["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
    return answer


def _fields_of_list(request: Request, kind: Kind) -> list[str]:
    expand = queries.many(request, "expand")
    if expand:
        return info.check_fields(kind, expand)
    fields = info.listed_fields(kind)
    if queries.flag(request, "full"):
        fields.append("siblings")
    if queries.flag(request, "cardData") or (kind is not Kind.MODEL and "siblings" in fields):
        fields.append("cardData")
    if queries.flag(request, "config") and kind is Kind.MODEL:
        fields.append("config")
    return fields


def _listing(request: Request, kind: Kind, fields: Sequence[str]) -> Listing:
    query = request.query_params
    tags = queries.many(request, "filter")
    if kind is Kind.MODEL:
        tags += queries.many(request, "pipeline_tag")
    most = _PAGE_WITH_FILES if info.needs_files(fields) else listing.MAX_PAGE
    return Listing(
        kind=kind,
        search=tuple(queries.many(request, "search", commas=False)),
        author=query.get("author"),
        tags=tuple(tags),
        gated=queries.flag(request, "gated"),
        sort=query.get("sort") or listing.DEFAULT_SORT,
        descending=_is_descending(request),
        limit=queries.count(request, "limit", default=most, most=most),
        cursor=query.get("cursor"),
        with_card=info.needs_card(fields),
    )


def _is_descending(request: Request) -> bool:
    direction = request.query_params.get("direction", "-1")
    if direction not in {"-1", "1"}:
        raise BadInput('direction must be "-1" (descending) or "1"')
    return direction == "-1"
