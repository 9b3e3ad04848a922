"""Small routes that clients call unasked (hub protocol 21).

Clients tell where they run and what they did; paddock keeps none of it.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

router = APIRouter()


@router.get("/api/agent-harnesses")
def agent_harnesses() -> dict[str, Any]:
    return {"standardEnvVars": [], "harnesses": {}}


@router.get("/api/tasks")
def tasks() -> dict[str, Any]:
    return {}


@router.head("/api/telemetry/{topic:path}")
def telemetry(topic: str) -> Response:
    return Response()


@router.post("/v1/telemetry")
def transfer_telemetry() -> Response:
    return Response()
