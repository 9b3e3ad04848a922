"""The application: the API's routes, errors and the frame around them, put together once."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp

from paddock.http.application import new_app
from paddock.http.bodies import BodyMemory
from paddock.http.frame import Figures, Frame, Framing
from paddock.serve.api import chat, completions, embeddings, models, responses, tokens
from paddock.serve.api.response_store import ResponseStore
from paddock.serve.callers import Gate
from paddock.serve.http import errors, health
from paddock.serve.http.callers import LEFT_HEADERS
from paddock.serve.limiter import Limiter
from paddock.serve.serving import Serving

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
MAX_BODIES_BYTES: Final = 512 * 1024 * 1024  # of all requests in hand, without what is small
_FIGURES: Final = Figures("paddock_serve_http")
_ROUTES: Final = (models, chat, completions, embeddings, responses, tokens)


def create_app(serving: Serving, gate: Gate, limiter: Limiter, *, alone: bool = True) -> ASGIApp:
    """``/v1`` over these models; not ``alone``, whoever has it inside has health and figures."""
    app = new_app(
        "paddock serve",
        schema_url="/v1/openapi.json",
        routers=[each.router for each in (*_ROUTES, *((health,) if alone else ()))],
        exposed_headers=["X-Request-Id", "Retry-After", *LEFT_HEADERS],
    )
    app.state.serving, app.state.gate, app.state.limiter = serving, gate, limiter
    app.state.responses = ResponseStore()
    errors.install(app)
    memory = BodyMemory(MAX_BODIES_BYTES)
    return Frame(app, Framing("serve", _FIGURES, MAX_BODY_BYTES, memory, id_prefix="req_"))
