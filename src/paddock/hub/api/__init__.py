"""The HTTP face of the hub: one router a file, no rules of its own.

``ROUTERS`` is the table of contents. Order matters where one address could match two routes: what
begins with a fixed segment comes before ``/{namespace}/{name}/…``. Files stand first all the same,
because routes are tried in turn and most requests are for files: ``/api/models/resolve/…`` would be
taken for one, so no account may be named ``resolve`` or ``raw`` (``hub.names``).
"""

from __future__ import annotations

from importlib import import_module

from fastapi import APIRouter

from paddock.hub.http import paths

paths.register()  # the routers are written with these convertors

ROUTERS = (
    "resolve", "cas", "small", "whoami", "oauth", "applications", "tokens", "refused", "spaces",
    "accounts", "profiles", "organizations", "resource_groups", "teams", "service_accounts",
    "publishers", "collaborators", "collections", "likes", "access_requests", "access_terms",
    "access_rules", "repositories", "validate", "tags", "catalogue", "information", "tree",
    "scan", "lifecycle", "refs", "history", "preupload", "commit", "discussions",
    "discussion_events", "reports", "report_acts", "advisories", "notices", "notifications",
    "attachments", "xet_tokens", "lfs_files", "lfs_objects", "lfs_locks", "lfs", "git", "jobs",
    "webhooks", "legacy",
)  # fmt: skip


def routers() -> list[APIRouter]:
    """Every router, in order of matching."""
    return [import_module(f"{__name__}.{name}").router for name in ROUTERS]
