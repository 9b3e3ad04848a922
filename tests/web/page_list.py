"""Every page there is, with addresses in the example that show it, and who looks.

A test compares the list with the application's routes, so that no page is forgotten by the
pictures (``scripts/screenshots.py``), by axe-core and by the attacks, which all walk it.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.example.content import GATED, PRIVATE, STARTER, TALES, Example
from tests.example.people import ORG


class Shown(NamedTuple):
    """An address; ``{names}`` in it are the example's."""

    address: str
    user: str | None = "ada"

    def path(self, example: Example) -> str:
        return self.address.format(**example.named)


_REPOSITORY = "/{kind}{namespace}/{name}"

_DISCUSSION = f"/{GATED}/discussions/{{discussion}}"
_COMMENT = f"{_DISCUSSION}/comment/{{comment}}"
_PULL_REQUEST = f"/{GATED}/discussions/{{pull_request}}"
_REPORT, _ADVISORY = f"/{STARTER}/reports/{{report}}", f"/{STARTER}/advisories/{{advisory}}"

_PEOPLE: dict[str, tuple[Shown, ...]] = {
    "/login": (Shown("/login", None),),
    "/login/confirm": (Shown("/login/confirm"),),
    "/login/forgotten": (Shown("/login/forgotten", None),),
    "/login/reset": (Shown("/login/reset?key=none", None),),
    "/join": (Shown("/join", None),),
    "/terms": (Shown("/terms"),),
    "/oauth/device": (Shown("/oauth/device"),),
    "/administration": (Shown("/administration", "boss"),),
    "/administration/jobs": (Shown("/administration/jobs", "boss"),),
    "/administration/log": (Shown("/administration/log", "boss"),),
    "/administration/people": (Shown("/administration/people", "boss"),),
    "/administration/storage": (Shown("/administration/storage", "boss"),),
    "/settings/access": (Shown("/settings/access", "dana"),),
    "/settings/access/terms": (Shown("/settings/access/terms", "carol"),),
    "/settings/account": (Shown("/settings/account"),),
    "/settings/applications": (Shown("/settings/applications"),),
    "/settings/email": (Shown("/settings/email"),),
    "/settings/email/confirm": (Shown("/settings/email/confirm?key=none"),),
    "/settings/invitations": (Shown("/settings/invitations"),),
    "/settings/notifications": (Shown("/settings/notifications"),),
    "/settings/organisations": (Shown("/settings/organisations"),),
    "/settings/passkeys": (Shown("/settings/passkeys"),),
    "/settings/password": (Shown("/settings/password"),),
    "/settings/profile": (Shown("/settings/profile"),),
    "/settings/sessions": (Shown("/settings/sessions"),),
    "/settings/tokens": (Shown("/settings/tokens"),),
    "/settings/tokens/new": (Shown("/settings/tokens/new"),),
    "/settings/webhooks": (Shown("/settings/webhooks"),),
    "/settings/webhooks/new": (Shown("/settings/webhooks/new?watch=user:ada"),),
    "/settings/webhooks/{webhook_id}": (Shown("/settings/webhooks/{webhook}"),),
    "/organizations/new": (Shown("/organizations/new"),),
    "/organizations/{name}/members": (Shown(f"/organizations/{ORG}/members"),),
    "/organizations/{name}/service-accounts": (Shown(f"/organizations/{ORG}/service-accounts"),),
    "/organizations/{name}/service-accounts/{account}": (
        Shown(f"/organizations/{ORG}/service-accounts/{ORG}-builds"),
    ),
    "/organizations/{name}/settings": (Shown(f"/organizations/{ORG}/settings"),),
    "/organizations/{name}/teams": (Shown(f"/organizations/{ORG}/teams"),),
    "/organizations/{name}/teams/{team}": (
        Shown(f"/organizations/{ORG}/teams/keepers"),
        Shown(f"/organizations/{ORG}/teams/keepers", "carol"),
    ),
    "/notifications": (Shown("/notifications"), Shown("/notifications", "ben")),
    "/reports": (Shown("/reports"),),
    "/likes": (Shown("/likes", "dana"),),
    "/{account}": (Shown("/ada", None), Shown("/ada"), Shown(f"/{ORG}", None), Shown("/dana")),
}

_LISTS: dict[str, tuple[Shown, ...]] = {
    "/": (Shown("/", None), Shown("/")),
    "/search": (Shown("/search?q=teapot", None), Shown("/search?q=nothing+like+it", None)),
    "/{kind}": (
        Shown("/models", None),
        Shown("/models?search=starter&sort=likes"),
        Shown("/datasets", None),
    ),
    "/collections": (Shown("/collections", None),),
    "/collections/add": (Shown(f"/collections/add?repo=model/{STARTER}"),),
    "/collections/new": (Shown("/collections/new"),),
    "/collections/{slug}": (Shown("/collections/{slug}", None), Shown("/collections/{slug}")),
    "/collections/{slug}/delete": (Shown("/collections/{slug}/delete"),),
    "/collections/{slug}/edit": (Shown("/collections/{slug}/edit"),),
    "/new": (Shown("/new"),),
    "/new-dataset": (Shown("/new-dataset"),),
}

_OF_REPOSITORIES: dict[str, tuple[Shown, ...]] = {
    "": (
        Shown(f"/{STARTER}", None),
        Shown(f"/{GATED}", "dana"),
        Shown(f"/{GATED}"),
        Shown(f"/{PRIVATE}"),
        Shown(f"/datasets/{TALES}", None),
        Shown("/spaces/ben/shop-window", None),
        Shown("/nobody/nothing"),
        Shown(f"/{PRIVATE}", None),
    ),
    "/access": (Shown(f"/{GATED}/access"), Shown(f"/{GATED}/access?show=accepted")),
    "/access/acceptances": (Shown(f"/{GATED}/access/acceptances"),),
    "/access/log": (Shown(f"/{GATED}/access/log", "boss"),),
    "/access/downloads": (Shown(f"/{GATED}/access/downloads"),),
    "/access/rules": (Shown(f"/{GATED}/access/rules"),),
    "/advisories": (Shown(f"/{STARTER}/advisories", None),),
    "/advisories/new": (Shown(f"/{STARTER}/advisories/new"),),
    "/advisories/{advisory}": (Shown(_ADVISORY, None), Shown(_ADVISORY)),
    "/advisories/{advisory}/edit": (Shown(f"{_ADVISORY}/edit"),),
    "/ask-access": (Shown(f"/{GATED}/ask-access", "ben"), Shown(f"/{GATED}/ask-access", "dana")),
    "/audit": (Shown(f"/{STARTER}/audit", None), Shown(f"/{GATED}/audit", None)),
    "/audit/samples": (Shown(f"/{STARTER}/audit/samples", None),),
    "/blame/{rev}/{path}": (Shown(f"/{GATED}/blame/main/code/count.py"),),
    "/blob/{rev}/{path}": (
        Shown(f"/{GATED}/blob/main/code/count.py"),
        Shown(f"/{GATED}/blob/main/README.md"),
        Shown(f"/{GATED}/blob/main/code/count.py", "dana"),
        Shown(f"/{GATED}/blob/main/model.safetensors"),
        Shown(f"/{STARTER}/blob/main/paddock-starter-Q8_0.gguf", None),
        Shown(f"/{GATED}/blob/main/old/weights.pkl"),
        Shown(f"/{GATED}/blob/main/pictures/gradient.png"),
        Shown(f"/datasets/{TALES}/blob/main/data/test.csv"),
    ),
    "/commit/{rev}": (Shown(f"/{GATED}/commit/{{head}}"),),
    "/commits/{rev}": (Shown(f"/{GATED}/commits/main"),),
    "/commits/{rev}/{path}": (Shown(f"/{GATED}/commits/main/code/count.py"),),
    "/compare": (Shown(f"/{GATED}/compare"),),
    "/compare/{spec}": (Shown(f"/{GATED}/compare/v1..main"),),
    "/delete/{rev}/{path}": (Shown(f"/{GATED}/delete/main/LICENSE"),),
    "/discussions": (Shown(f"/{GATED}/discussions", None), Shown(f"/{GATED}/discussions")),
    "/discussions/new": (Shown(f"/{GATED}/discussions/new"),),
    "/discussions/{num}": (
        Shown(_DISCUSSION, None),
        Shown(_DISCUSSION),
        Shown(_PULL_REQUEST, None),
        Shown(_PULL_REQUEST),
    ),
    "/discussions/{num}/comment/{comment_id}/edit": (Shown(f"{_COMMENT}/edit"),),
    "/discussions/{num}/comment/{comment_id}/hide": (Shown(f"{_COMMENT}/hide"),),
    "/discussions/{num}/comment/{comment_id}/history": (Shown(f"{_COMMENT}/history"),),
    "/discussions/{num}/delete": (Shown(f"{_DISCUSSION}/delete"),),
    "/discussions/{num}/files": (Shown(f"{_PULL_REQUEST}/files"),),
    "/edit/{rev}/{path}": (Shown(f"/{GATED}/edit/main/code/count.py"),),
    "/likers": (Shown(f"/{STARTER}/likers", None),),
    "/lineage": (Shown(f"/{STARTER}/lineage", None), Shown(f"/{GATED}/lineage", None)),
    "/new/{rev}": (Shown(f"/{GATED}/new/main"),),
    "/new/{rev}/{path}": (Shown(f"/{GATED}/new/main/code"),),
    "/playground": (Shown(f"/{STARTER}/playground"), Shown(f"/{STARTER}/playground", None)),
    "/release": (Shown(f"/{STARTER}/release", None), Shown(f"/{GATED}/release", None)),
    "/release/read": (Shown(f"/{STARTER}/release/read?path=documents/openness.md", None),),
    "/rename/{rev}/{path}": (Shown(f"/{GATED}/rename/main/LICENSE"),),
    "/reports": (Shown(f"/{STARTER}/reports", None), Shown(f"/{STARTER}/reports")),
    "/reports/new": (Shown(f"/{STARTER}/reports/new", "dana"),),
    "/reports/{report_id}": (
        Shown(_REPORT, None),
        Shown(_REPORT),
        Shown(f"/{STARTER}/reports/{{waiting}}"),
    ),
    "/reports/{report_id}/case": (Shown(f"{_REPORT}/case"),),
    "/settings": (Shown(f"/{GATED}/settings"), Shown(f"/{GATED}/settings", "boss")),
    "/settings/collaborators": (Shown(f"/{GATED}/settings/collaborators"),),
    "/tree/{rev}": (
        Shown(f"/{GATED}/tree/main"),
        Shown(f"/{STARTER}/tree/main", None),
        Shown(f"/{GATED}/tree/{{commit}}", None),
    ),
    "/tree/{rev}/{path}": (Shown(f"/{GATED}/tree/main/code", None),),
    "/upload/{rev}": (Shown(f"/{GATED}/upload/main"),),
    "/upload/{rev}/{path}": (Shown(f"/{GATED}/upload/main/code"),),
    "/viewer": (Shown(f"/datasets/{TALES}/viewer", None),),
}

PAGES = {**_PEOPLE, **_LISTS} | {_REPOSITORY + tab: one for tab, one in _OF_REPOSITORIES.items()}

# What a browser may get from the same modules, and is no page.
NO_PAGES = {
    "/administration/log.jsonl": "the log as a file",
    "/healthz": "one word, for what watches the server",
    "/readyz": "the same",
    "/metrics": "figures for Prometheus",
    "/static/{digest}/{name}": "styles and scripts",
    "/oauth/authorize": "needs an application; the story of consent looks at it",
    "/settings": "sends on to the first of them",
    _REPOSITORY + "/access/acceptances.csv": "a table",
    _REPOSITORY + "/access/acceptances.json": "the same for programs",
    _REPOSITORY + "/access/downloads.csv": "a table",
    _REPOSITORY + "/advisories.atom": "a feed",
    _REPOSITORY + "/lineage/branches": "a part of the page, for its script",
}


def every_page() -> list[Shown]:
    """Every address, each once."""
    return [shown for every in PAGES.values() for shown in every]
