"""Whether the server lives, whether it takes requests, and its figures."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from paddock.serve.http.callers import ServingDep
from paddock.serve.metrics import render_engines

router = APIRouter(include_in_schema=False)
_READ: Final = ["GET", "HEAD"]  # load balancers ask with either


@router.api_route("/healthz", methods=_READ)
async def healthz() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.api_route("/readyz", methods=_READ)
async def readyz(serving: ServingDep) -> Response:
    """New requests are taken; from the first signal to stop they are not."""
    if serving.is_draining:
        return JSONResponse({"status": "draining"}, 503)
    return JSONResponse({"status": "ready"})


@router.api_route("/metrics", methods=_READ)
async def metrics(serving: ServingDep) -> Response:
    """Prometheus' text format."""
    engines = render_engines(serving.figures())
    return Response(generate_latest() + engines, media_type=CONTENT_TYPE_LATEST)
