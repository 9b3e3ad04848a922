"""Routes whose handlers need nothing but the request, the hub, the caller and parts of the address.

FastAPI solves a tree of dependencies for every request, and authenticates in a thread of its own;
for the busiest routes that costs as much as the answer. A route of this class reads its handler's
signature once and then calls it directly, in the thread that authenticates. A handler that asks for
anything else is left to FastAPI, so the class may be given to any router.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from anyio.to_thread import run_sync
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from paddock.hub.context import CallerDep, Hub, HubDep, authenticate
from paddock.hub.http.paths import RepositoryNameDep, brought_here
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller

_NAME_PARTS = ("kind", "namespace", "name")

Source = Callable[[Request, Hub, Caller], Any]


class DirectRoute(APIRoute):
    """Calls simple handlers without FastAPI's dependencies; see the module."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        sources = _sources(self.endpoint, set(self.param_convertors))
        if sources is None:
            return super().get_route_handler()
        endpoint: Callable[..., Response] = self.endpoint

        def answer(request: Request) -> Response:
            hub: Hub = request.app.state.hub
            caller = authenticate(request, hub)
            return endpoint(**{name: get(request, hub, caller) for name, get in sources.items()})

        async def handle(request: Request) -> Response:
            return await run_sync(answer, request)

        return handle


def _sources(endpoint: Callable[..., Any], in_path: set[str]) -> dict[str, Source] | None:
    """Where each parameter comes from; None for a handler that needs more than is known here."""
    if inspect.iscoroutinefunction(endpoint):
        return None
    hints = get_type_hints(endpoint, include_extras=True)
    answers = hints.pop("return", None)
    if not (isinstance(answers, type) and issubclass(answers, Response)):
        return None
    found: dict[str, Source] = {}
    for name, hint in hints.items():
        default = inspect.signature(endpoint).parameters[name].default
        source = _KNOWN.get(hint)
        if source is None and name in in_path:
            source = _part_of_address(name)
        if source is None and default is not inspect.Parameter.empty and _is_optional_path(name):
            source = _constant(default)
        if source is None:
            return None
        found[name] = source
    return found


def _is_optional_path(name: str) -> bool:
    """The same handler may serve an address with a path and one without."""
    return name == "path"


def _part_of_address(name: str) -> Source:
    return lambda request, _hub, _caller: request.path_params[name]


def _constant(value: Any) -> Source:
    return lambda _request, _hub, _caller: value


def _repository_name(request: Request, hub: Hub, caller: Caller) -> RepositoryName:
    parts = request.path_params
    return brought_here(hub, caller, RepositoryName(*(parts[part] for part in _NAME_PARTS)))


_KNOWN: dict[Any, Source] = {
    Request: lambda request, _hub, _caller: request,
    HubDep: lambda _request, hub, _caller: hub,
    CallerDep: lambda _request, _hub, caller: caller,
    RepositoryNameDep: _repository_name,
}
