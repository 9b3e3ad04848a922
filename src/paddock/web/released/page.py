"""The tab "Release": what a release says of itself, who signed it, and how to check it.

Everything in the files is its uploader's claim, and shown as one. What conditions quote may be out
of files that not everybody may read: those who may not see the verdicts alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from paddock import clock
from paddock.errors import PaddockError, shown
from paddock.hub import access
from paddock.hub.catalogue.card import texts
from paddock.hub.context import HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.lifecycle.standing import kept_events
from paddock.hub.releases.keys import also_signed
from paddock.hub.releases.reading import Release, gate_at
from paddock.hub.releases.values import Check, Gate
from paddock.hub.scans.leaving import Asking, require_entry
from paddock.hub.types import FileEntry, Kind
from paddock.web.browser import VisitorDep
from paddock.web.cards.places import Place
from paddock.web.cards.rendering import render, render_html
from paddock.web.page_routes import page_router
from paddock.web.released.changes import Changes, compare
from paddock.web.released.documents import documents_in, is_readable, title_of
from paddock.web.released.duties import licences_of, terms_of
from paddock.web.released.earlier import Tag, release_before, tags_of
from paddock.web.released.history import history_of
from paddock.web.released.openness import openness_of
from paddock.web.reports.fixed import fixed_until
from paddock.web.repository.opened import Opened, open_at

router = page_router()

MAX_DOCUMENT_BYTES = 1 << 20
MAX_FILES = 2000
_PARAMETER_CHARS = 300
_ORDER: Final = {"unmet": 0, "undecided": 1, "waived": 2, "warned": 3, "met": 4}


class Group(NamedTuple):
    """The conditions of one group, what is not met first."""

    name: str
    counts: dict[str, int]
    checks: list[Check]

    @property
    def is_worth_a_look(self) -> bool:
        """Whether something in it is not simply met."""
        return bool({"unmet", "undecided", "waived"} & self.counts.keys())


@router.get(WEB_REPOSITORY + "/release")
def release(
    request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep
) -> Response:
    """The release at main, or at the revision that ``?rev=`` asks for."""
    with hub.database.read() as conn:
        opened = open_at(hub, conn, visitor, name, "release", request)
        if opened.repo.kind is not Kind.MODEL:
            return RedirectResponse(opened.repo.web_path, 302)
        found = opened.release()
        against = request.query_params.get("against", "")[:_PARAMETER_CHARS]
        values = {
            "shell": opened.shell,
            "opened": opened,
            "release": found,
            "history": history_of(kept_events(conn, opened.repo.id), clock.now()),
            "terms": _terms(opened, found),
            "fixed": fixed_until(conn, visitor.caller, opened.repo, opened.commit_oid),
            **(_details(opened, found, against) if found.statement is not None else {}),
        }
        template = "release/page.html" if found.statement is not None else "release/none.html"
        return visitor.show(template, **values)


@router.get(WEB_REPOSITORY + "/release/read")
def read(request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """A document of the release as text, for those who may read its files."""
    path = request.query_params.get("path", "")[:1000]
    with hub.database.read() as conn:
        opened = open_at(hub, conn, visitor, name, "release", request)
        access.require_content(conn, visitor.caller, opened.repo)
        entry = None
        if opened.commit_oid is not None and is_readable(path):
            entry = files.entry_at(conn, opened.repo, opened.commit_oid, path)
        if not isinstance(entry, FileEntry) or entry.large or entry.size_bytes > MAX_DOCUMENT_BYTES:
            raise EntryNotFound(f"{shown(path)} is no document that can be read here")
        require_entry(Asking(hub, conn, visitor.caller, opened.repo), entry)
        raw = files.read_small_file(conn, hub.blobs, opened.repo, entry, MAX_DOCUMENT_BYTES)
    folder = path.rpartition("/")[0]
    place = Place(opened.repo.web_path, opened.rev, folder, opened.endpoint)
    text = raw.decode("utf-8", "replace")
    card = render(text, place) if path.endswith(".md") else render_html(text, place)
    return visitor.show(
        "release/read.html",
        shell=opened.shell,
        opened=opened,
        card=card,
        title=title_of(path),
        path=path,
    )


def _terms(opened: Opened, found: Release) -> Any:
    if found.statement is not None:
        return terms_of(licences_of(found.statement), found.statement)
    return terms_of(texts((opened.repo.card or {}).get("license")))


def _details(opened: Opened, found: Release, against: str) -> dict[str, Any]:
    """What there is to say of a release that can be read."""
    statement, conn = found.statement, opened.conn
    assert statement is not None and opened.commit_oid is not None  # noqa: S101
    gate = gate_at(conn, opened.hub.blobs, opened.repo, opened.commit_oid)
    tags = tags_of(conn, opened.repo)
    before, changes = _before(opened, found, tags, against)
    fingerprints = [signer.key.fingerprint for signer in found.signers]
    request = files.PageRequest(recursive=True, limit=MAX_FILES)
    listed = files.list_page(conn, opened.repo, opened.commit_oid, "", request).entries
    may_read = opened.may_read
    return {
        "said": statement,
        "openness": openness_of(statement),
        "also": also_signed(conn, opened.visitor.caller, opened.repo, fingerprints),
        "gate": gate,
        "groups": _groups(gate, statement.checks),
        "may_read": may_read,
        "documents": documents_in(e for e in listed if isinstance(e, FileEntry)),
        "tags": tags,
        "before": before,
        "changes": changes,
        "tag": next((tag.name for tag in tags if tag.commit_oid == opened.commit_oid), None),
    }


def _before(
    opened: Opened, found: Release, tags: list[Tag], against: str
) -> tuple[Tag | None, Changes | None]:
    try:
        earlier = release_before(opened.hub, opened.conn, opened.repo, found, tags, against)
    except PaddockError:  # a tag whose commit was swept
        earlier = None
    if earlier is None or earlier[1].statement is None or found.statement is None:
        return None, None
    return earlier[0], compare(earlier[1].statement, found.statement)


def _groups(gate: Gate | None, checks: Sequence[Check]) -> list[Group]:
    """What the gate judged; of a release without one, what the build did."""
    piles: dict[str, list[Check]] = defaultdict(list)
    for check in gate.checks if gate is not None and gate.checks else checks:
        piles[check.group].append(check)
    return [
        Group(
            name,
            dict(Counter(check.status for check in pile)),
            sorted(pile, key=lambda check: (_ORDER.get(check.status, 0), check.id)),
        )
        for name, pile in piles.items()
    ]
