"""Whether the server lives, whether it takes requests, and its figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from paddock.serve.http.callers import ServingDep
from paddock.serve.metrics import render_engines

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def readyz(serving: ServingDep) -> Response:
    """New requests are taken; from the first signal to stop they are not."""
    if serving.is_draining:
        return JSONResponse({"status": "draining"}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
async def metrics(serving: ServingDep) -> Response:
    """Prometheus' text format."""
    engines = render_engines(serving.figures())
    return Response(generate_latest() + engines, media_type=CONTENT_TYPE_LATEST)
