"""Card validation before an upload (hub protocol 16). Anybody may ask."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel

from paddock.hub.catalogue.card import CardReport, validate_card
from paddock.hub.context import CallerDep
from paddock.hub.types import Kind

router = APIRouter()


class ValidateBody(BaseModel):
    content: str
    repoType: Kind | None = None


@router.post("/api/validate-yaml")
def validate_yaml(request: Request, caller: CallerDep, body: ValidateBody) -> Response:
    report = validate_card(body.content, body.repoType or Kind.MODEL)
    status = 400 if report.errors else 200
    if "text/plain" in request.headers.get("accept", ""):
        return PlainTextResponse(_as_text(report), status)
    answer = {
        "errors": [{"message": message} for message in report.errors],
        "warnings": [{"message": message} for message in report.warnings],
    }
    return JSONResponse(answer, status)


def _as_text(report: CardReport) -> str:
    errors = [f"- Error: {message}" for message in report.errors]
    warnings = [f"- Warning: {message}" for message in report.warnings]
    return "\n".join([*errors, *warnings])
