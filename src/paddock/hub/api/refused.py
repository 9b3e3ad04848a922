"""Services of the Hub that this hub does not have: each address of theirs answers 501 in words.

A table. Jobs, endpoints and the like need machines to rent; papers and leaderboards are about what
others published. Asked for no rights: there is nothing to protect.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from paddock.hub.errors import NotOffered

router = APIRouter(include_in_schema=False)

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# What it is, and the addresses under which clients look for it.
_SERVICES: dict[str, tuple[str, ...]] = {
    "jobs": ("/api/jobs", "/jobs"),
    "scheduled jobs": ("/api/scheduled-jobs",),
    "sandboxes": ("/api/sandboxes",),
    "inference endpoints": (
        "/v2/endpoint", "/v2/provider", "/api/inference-endpoints", "/api/v1/catalog",
    ),
    "inference providers": ("/api/inference-proxy", "/api/partners"),
    "billing": ("/api/settings/billing", "/api/organizations/{name:segment}/billing"),
    "papers": ("/api/papers", "/papers", "/api/daily_papers"),
    "buckets": ("/api/buckets", "/buckets"),
    "leaderboards": ("/api/datasets/{namespace:segment}/{name:segment}/leaderboard",),
    "a ZeroGPU quota": ("/api/spaces/zero-gpu",),
    "hardware for spaces": ("/api/spaces/hardware",),
    "templates of spaces": ("/api/spaces/templates",),
    "a search of spaces by meaning": ("/api/spaces/semantic-search",),
    "posts": ("/api/posts",),
}  # fmt: skip


def _refuse(service: str) -> Any:
    def refuse() -> None:
        raise NotOffered(f"this hub does not offer {service}")

    return refuse


for _service, _addresses in _SERVICES.items():
    for _address in _addresses:
        for _pattern in (_address, _address + "/{rest:rest}"):
            router.add_api_route(_pattern, _refuse(_service), methods=_METHODS)
