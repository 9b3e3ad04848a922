"""Who gets in: whoever has a token of this hub, and a browser that shows one of its pages.

A stranger does not, whatever they may read: answers cost more than files. A browser's session
counts only with the key that our own page carries, and never where another site asks.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from paddock.errors import Unauthorized
from paddock.hub.context import Hub
from paddock.hub.people import tokens
from paddock.hub.sessions.cookies import FORM_HEADER, session_of_page
from paddock.hub.types import Caller as HubCaller
from paddock.serve.callers import Arrival, Caller
from paddock.serve.gates.bearer import bearer_of


class OwnGate:
    """A ``Gate`` of the hub's own process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def caller(self, arrival: Arrival) -> Caller:
        if "authorization" in arrival.headers or FORM_HEADER not in arrival.headers:
            secret = bearer_of(arrival.headers)
            known = await run_in_threadpool(tokens.authenticate, self._hub.database, secret)
        else:
            known = await run_in_threadpool(self._behind_page, arrival)
        if known.account is None:
            raise Unauthorized("this needs an access token of the hub")
        return Caller(f"user:{known.account.name}", credential=known)

    async def may_use(self, caller: Caller, repository: str) -> bool:
        return True  # the catalogue asks the rows themselves

    async def close(self) -> None:
        """The database is the hub's."""

    def _behind_page(self, arrival: Arrival) -> HubCaller:
        base_url = self._hub.public_url or arrival.base_url
        with self._hub.database.read() as conn:
            return session_of_page(conn, arrival.headers, base_url).caller
