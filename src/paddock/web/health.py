"""Whether the server lives, whether it can work, and its figures."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from paddock.errors import Unavailable
from paddock.hub.context import Hub, HubDep
from paddock.hub.jobs.figures import render_figures
from paddock.log import get_logger
from paddock.web.page_routes import page_router

log = get_logger("web")
router = page_router()
_READ = ["GET", "HEAD"]  # load balancers ask with either


@router.api_route("/healthz", methods=_READ)
def healthz() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.api_route("/readyz", methods=_READ)
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


@router.api_route("/metrics", methods=_READ)
def metrics(request: Request, hub: HubDep) -> Response:
    """Prometheus' text format."""
    figures = generate_latest() + _queue(hub) + _engines(request)
    return Response(figures, media_type=CONTENT_TYPE_LATEST)


def _engines(request: Request) -> bytes:
    serving = request.app.state.serving
    if serving is None:
        return b""
    from paddock.serve.metrics import render_engines

    return render_engines(serving.figures())


def _queue(hub: Hub) -> bytes:
    try:
        with hub.database.read() as conn:
            return render_figures(conn)
    except Unavailable as e:  # the figures of the process are worth having all the same
        log.warning("the queue's figures cannot be read", reason=e.message)
        return b""
