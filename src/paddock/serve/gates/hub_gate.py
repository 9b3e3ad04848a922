"""The users of a hub get in by their access tokens, each to the models they may read there.

What the hub said is kept for a short while, by the digest of the token; a token that was revoked
works that much longer. A hub that does not answer lets nobody in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote

import httpx2

from paddock.errors import Unavailable
from paddock.log import get_logger
from paddock.serve.callers import Arrival, Caller
from paddock.serve.gates.bearer import bearer_of, digest_of, wrong_key

log = get_logger("serve")

GOOD_SECONDS: Final = 60.0
BAD_SECONDS: Final = 10.0
HUB_SECONDS: Final = 10.0
MAX_KEPT: Final = 20_000


class _Kept(NamedTuple):
    value: Caller | bool | None
    until: float


@dataclass(frozen=True, slots=True)
class _Credential:
    """A token, which no log and no message ever shows."""

    token: str
    digest: str

    def __repr__(self) -> str:
        return "_Credential()"


class HubGate:
    """A ``Gate``; see the module."""

    def __init__(
        self,
        hub_url: str,
        *,
        now: Callable[[], float] = time.monotonic,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._url, self._now = hub_url.rstrip("/"), now
        self._client = httpx2.AsyncClient(timeout=HUB_SECONDS, transport=transport)
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def caller(self, arrival: Arrival) -> Caller:
        token = bearer_of(arrival.headers)
        credential = _Credential(token, digest_of(token))
        found = self._recall(credential.digest, "")
        if found is None:
            found = await self._who(credential)
        if not isinstance(found.value, Caller):
            raise wrong_key()
        return found.value

    async def may_use(self, caller: Caller, repository: str) -> bool:
        credential = caller.credential
        assert isinstance(credential, _Credential)  # noqa: S101  (made by this gate)
        found = self._recall(credential.digest, repository)
        if found is None:
            path = f"/api/models/{quote(repository)}/auth-check"
            status = (await self._ask(path, credential.token)).status_code
            if status >= 500 or status == 429:
                raise self._silent(f"it answered {status}")
            found = self._keep(credential.digest, repository, status == 200)
        return bool(found.value)

    async def close(self) -> None:
        await self._client.aclose()

    async def _who(self, credential: _Credential) -> _Kept:
        answer = await self._ask("/api/whoami-v2", credential.token)
        if answer.status_code in {401, 403}:
            return self._keep(credential.digest, "", None)
        try:
            name = answer.json()["name"] if answer.status_code == 200 else None
        except (ValueError, KeyError, TypeError):
            name = None
        if not isinstance(name, str) or not name:
            raise self._silent(f"it answered {answer.status_code}")
        return self._keep(credential.digest, "", Caller(f"user:{name}", credential=credential))

    async def _ask(self, path: str, token: str) -> httpx2.Response:
        try:
            token.encode("ascii")
            headers = {"Authorization": f"Bearer {token}"}
            return await self._client.get(self._url + path, headers=headers)
        except UnicodeEncodeError:
            raise wrong_key() from None
        except httpx2.HTTPError as e:
            raise self._silent(type(e).__name__) from e

    def _silent(self, why: str) -> Unavailable:
        log.warning("the hub cannot be asked who calls", hub=self._url, why=why)
        return Unavailable("the hub that knows the API keys does not answer", hint="try again soon")

    def _recall(self, digest: str, what: str) -> _Kept | None:
        found = self._kept.get((digest, what))
        return found if found is not None and self._now() < found.until else None

    def _keep(self, digest: str, what: str, value: Caller | bool | None) -> _Kept:
        if len(self._kept) >= MAX_KEPT:
            now = self._now()
            self._kept = {place: kept for place, kept in self._kept.items() if now < kept.until}
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
        kept = _Kept(value, self._now() + (GOOD_SECONDS if value else BAD_SECONDS))
        self._kept[digest, what] = kept
        return kept
