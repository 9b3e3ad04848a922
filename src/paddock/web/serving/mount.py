"""Puts ``/v1`` before the hub's routes, or says there why it is not served.

The API has its own frame, limits and errors; nothing of it is imported where no model is served, so
that a hub starts without the packages that run models.
"""

from __future__ import annotations

import importlib.util
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from paddock.config import Settings
from paddock.hub.context import Hub
from paddock.log import get_logger
from paddock.web.serving.offer import Offer, offer_of

if TYPE_CHECKING:
    from paddock.serve.serving import Serving

log = get_logger("web")

_PREFIX: Final = "/v1/"
_OF_THE_HUB: Final = "/v1/telemetry"  # of the stock client's transfers, by the Hub's protocol
_NEEDED: Final = ("tokenizers", "llguidance", "re2")
_CLOSED_CODE: Final = "no_models_here"
_OFF: Final = "this hub serves no models (its operator can, with the setting serve_models)"
_NOT_INSTALLED: Final = (
    "this hub cannot serve models (its operator can install: pip install 'paddock[serve]')"
)


class Models(NamedTuple):
    """The API as an application, and the models behind it, where there are any."""

    app: ASGIApp
    serving: Serving | None
    offer: Offer
    trust_file: str = ""  # of the keys that alone count; empty: those of the trust folder
    why: str = ""  # none is served


def open_models(hub: Hub, settings: Settings, *, starter: str | None = None) -> Models:
    """The API over this hub's models, as the settings allow; ``starter`` is the one of ``up``."""
    offer = offer_of(settings.serve_models, starter)
    if offer.names == frozenset():
        return Models(_Closed(_OFF), None, offer, why=_OFF)
    if not can_serve():
        if offer.is_asked_for:
            log.warning("models are not served: the extra `serve` is not installed")
        return Models(_Closed(_NOT_INSTALLED), None, offer, why=_NOT_INSTALLED)
    return _opened(hub, settings, offer)


def can_serve() -> bool:
    """Whether the packages that run models are installed."""
    return all(importlib.util.find_spec(name) for name in _NEEDED)


def _opened(hub: Hub, settings: Settings, offer: Offer) -> Models:
    from paddock.serve import starting
    from paddock.serve.api.app import create_app
    from paddock.serve.models.native import NativeLoader
    from paddock.serve.serving import Serving
    from paddock.web.serving.catalogue import OwnCatalogue
    from paddock.web.serving.gate import OwnGate
    from paddock.web.serving.trusting import Trusting

    trusting = Trusting(settings, offer.starter)
    catalogue = OwnCatalogue(hub, settings.data / "serving", trusting, offer)
    loader = NativeLoader(starting.native_options(settings))
    find = starting.finding(settings, trusting.rules())
    residents = starting.policed_residents(loader, settings, find)
    gate, limiter = OwnGate(hub), starting.limiter_of(settings)
    serving = Serving(catalogue, residents, limiter)
    api = create_app(serving, gate, limiter, alone=False)
    return Models(api, serving, offer, settings.serve_trust)


class BesideHub:
    """Two applications on one address."""

    def __init__(self, hub: ASGIApp, models: ASGIApp) -> None:
        self._hub, self._models = hub, models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        is_ours = path.startswith(_PREFIX) and path != _OF_THE_HUB
        await (self._models if is_ours else self._hub)(scope, receive, send)


class _Closed:
    """Answers everything in OpenAI's shape, and the Hub's headers, with why nothing is served."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = "not_found_error"
        error = {"message": self._why, "type": kind, "param": None, "code": _CLOSED_CODE}
        headers = {
            "X-Request-Id": f"req_{secrets.token_hex(12)}",
            "X-Error-Code": _CLOSED_CODE,
            "X-Error-Message": self._why,
        }
        await JSONResponse({"error": error}, 404, headers)(scope, receive, send)
