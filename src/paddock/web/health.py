"""Whether the server lives, whether it can work, and its figures."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from paddock.hub.context import HubDep
from paddock.log import get_logger

log = get_logger("web")
router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def readyz(hub: HubDep) -> Response:
    """The database and the blob store answer too."""
    try:
        with hub.database.read() as conn:
            conn.execute(sa.select(1))
        hub.blobs.size_bytes("0" * 64)
    except Exception as e:  # whatever it is, we are not ready
        log.warning("not ready", error=str(e)[:500])
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
def metrics() -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
