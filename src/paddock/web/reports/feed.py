"""A repository's advisories as an Atom feed (RFC 4287), for feed readers.

What people wrote is text in it: nothing is markup but what is written here.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from fastapi import Request
from fastapi.responses import Response

from paddock.hub import access
from paddock.hub.advisories import rows
from paddock.hub.advisories.values import Placed
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.types import Need, Repository
from paddock.web.page_routes import page_router

router = page_router()

_MAX_ENTRIES: Final = 100
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 has none
_HEADERS: Final = {"X-Content-Type-Options": "nosniff"}


@router.get(WEB_REPOSITORY + "/advisories.atom")
def feed(request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> Response:
    """The latest advisories of a repository."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        found = rows.advisories_of(conn, repo, with_withdrawn=True)[:_MAX_ENTRIES]
    base_url = hub.base_url(request)
    entries = [_entry(Placed(repo, each), base_url) for each in found]
    updated = max([each.updated_at for each in found], default=repo.created_at)
    text = _document(repo, base_url, updated, entries)
    cache = "private, no-store" if repo.is_private else "no-cache"
    headers = {**_HEADERS, "Cache-Control": cache}
    return Response(text, 200, headers, media_type="application/atom+xml")


def _document(repo: Repository, base_url: str, updated: datetime, entries: list[str]) -> str:
    page = f"{base_url}{repo.web_path}/advisories"
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<feed xmlns="http://www.w3.org/2005/Atom">',
            f"<title>{_text(f'Advisories on {repo.full_name}')}</title>",
            f"<id>{_text(f'{page}.atom')}</id>",
            f'<link rel="self" href={quoteattr(f"{page}.atom")}/>',
            f"<link href={quoteattr(page)}/>",
            f"<updated>{_moment(updated)}</updated>",
            f"<author><name>{_text(repo.namespace)}</name></author>",
            *entries,
            "</feed>",
        ]
    )


def _entry(placed: Placed, base_url: str) -> str:
    advisory, page = placed.advisory, base_url + placed.path
    withdrawn = "Withdrawn: " if advisory.withdrawn_at else ""
    title = f"{withdrawn}{advisory.name} ({advisory.severity}): {advisory.title}"
    said = f"{advisory.details}\n\n{advisory.advice}"
    return "\n".join(
        [
            "<entry>",
            f"<title>{_text(title)}</title>",
            f"<id>{_text(page)}</id>",
            f"<link href={quoteattr(page)}/>",
            f"<published>{_moment(advisory.published_at)}</published>",
            f"<updated>{_moment(advisory.updated_at)}</updated>",
            f'<category term="{advisory.severity}"/>',
            f'<content type="text">{_text(said)}</content>',
            "</entry>",
        ]
    )


def _text(text: str) -> str:
    return escape(_CONTROLS.sub("\ufffd", text))


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
