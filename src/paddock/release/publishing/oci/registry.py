"""Requests to an OCI registry, signed in as it asks, with its failures in our words.

Knows HTTP, tokens and where a password may go: to the registry itself, and to the issuer of tokens
that the registry names; never to where an upload or a download is sent on. Answers are bounded
before they are read. Source: OCI distribution 1.1; the token protocol of the Distribution project.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from paddock.errors import Forbidden, NotFound, PaddockError, Unauthorized
from paddock.release.errors import RegistryRefused, RegistryUnreachable
from paddock.release.publishing.oci.credentials import Credentials
from paddock.release.publishing.oci.reference import OciReference

MAX_ANSWER_BYTES = 4 << 20  # what the specification has a registry accept of a manifest
MAX_REDIRECTS = 5
ATTEMPTS = 4
PAUSE_SECONDS = 0.5
_TIMEOUT = httpx2.Timeout(60, connect=10, pool=10)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

Body = bytes | Callable[[], Iterator[bytes]]


class Registry:
    """One repository of one registry."""

    def __init__(
        self, where: OciReference, credentials: Credentials | None, *, plain_http: bool = False
    ) -> None:
        self.where = where
        self._origin = f"{'http' if plain_http else 'https'}://{where.registry}"
        self._credentials = credentials
        self._authorization: str | None = None
        self._client = httpx2.Client(timeout=_TIMEOUT, follow_redirects=False)

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def url(self, path: str) -> str:
        """The address of ``path`` in the repository, or of an answer's Location."""
        if path.startswith("/"):
            return urljoin(self._origin, path)
        return path if "://" in path else f"{self._origin}/v2/{self.where.name}/{path}"

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Body | None = None,
    ) -> Iterator[httpx2.Response]:
        """An answer whose body is not read yet; signed in, redirected, tried again when due."""
        with _in_words(self.where):
            answer = self._answered(method, self.url(path), dict(headers or {}), content)
            try:
                yield answer
            finally:
                answer.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Body | None = None,
        fine: frozenset[int] = frozenset(),
    ) -> tuple[httpx2.Response, bytes]:
        """An answer and its bounded body; statuses over 399 raise unless they are ``fine``."""
        with self.stream(method, path, headers=headers, content=content) as answer:
            body = read_bounded(answer)
            if answer.status_code >= 400 and answer.status_code not in fine:
                raise refusal(answer, body, self.where)
            return answer, body

    def _answered(
        self, method: str, url: str, headers: dict[str, str], content: Body | None
    ) -> httpx2.Response:
        redirects, has_signed_in = 0, False
        for attempt in range(1, 100):
            answer = self._send(method, url, headers, content)
            if answer.status_code == 401 and not has_signed_in and self._is_ours(url):
                self._authorization = self._sign_in(answer)
                has_signed_in = True
            elif answer.status_code in {301, 302, 303, 307, 308} and method in {"GET", "HEAD"}:
                redirects += 1
                if redirects > MAX_REDIRECTS:
                    raise RegistryRefused(
                        f"{self.where}: redirected more than {MAX_REDIRECTS} times"
                    )
                url = urljoin(url, answer.headers.get("location", ""))
            elif answer.status_code in _AGAIN and attempt < ATTEMPTS:
                time.sleep(PAUSE_SECONDS * attempt)
            else:
                return answer
            answer.close()
        raise RegistryRefused(f"{self.where}: no end of answers")

    def _send(
        self, method: str, url: str, headers: dict[str, str], content: Body | None
    ) -> httpx2.Response:
        sent = dict(headers)
        if self._authorization is not None and self._is_ours(url):
            sent["Authorization"] = self._authorization
        body = content() if callable(content) else content
        request = self._client.build_request(method, url, headers=sent, content=body)
        return self._client.send(request, stream=True)

    def _is_ours(self, url: str) -> bool:
        """Whether an address is the registry's own: passwords and tokens go nowhere else."""
        return urlsplit(url)[:2] == urlsplit(self._origin)[:2]

    def _sign_in(self, answer: httpx2.Response) -> str | None:
        """The Authorization that the challenge asks for."""
        challenge = answer.headers.get("www-authenticate", "")
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic":
            return self._credentials.basic if self._credentials else None
        if scheme.lower() != "bearer":
            raise RegistryRefused(f"{self.where.registry} asks for {challenge[:60]!r} to sign in")
        return f"Bearer {self._token(dict(_CHALLENGE.findall(rest)))}"

    def _token(self, challenge: Mapping[str, str]) -> str:
        realm = challenge.get("realm", "")
        if urlsplit(realm).scheme not in {"https", urlsplit(self._origin).scheme}:
            raise RegistryRefused(f"{self.where.registry} has its tokens at {realm[:120]!r}")
        asked = {key: challenge[key] for key in ("service", "scope") if key in challenge}
        asked.setdefault("scope", f"repository:{self.where.name}:pull,push")
        headers = {"Authorization": self._credentials.basic} if self._credentials else {}
        request = self._client.build_request("GET", realm, params=asked, headers=headers)
        answer = self._client.send(request, stream=True)
        try:
            body = read_bounded(answer)
            if answer.status_code != 200:
                raise refusal(answer, body, self.where)
            told = _json(body)
        finally:
            answer.close()
        token = told.get("token") or told.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RegistryRefused(f"{self.where.registry} gave no token")
        return token


def read_bounded(answer: httpx2.Response) -> bytes:
    """The body of an answer that is a text or a manifest; RegistryRefused when it is larger."""
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise RegistryRefused(
                f"the answer of {answer.url.host} is over {MAX_ANSWER_BYTES} bytes"
            )
    return bytes(body)


def refusal(answer: httpx2.Response, body: bytes, where: OciReference) -> PaddockError:
    """What an answer of 400 and more means."""
    errors = _json(body).get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    said = str(first.get("message") or first.get("code") or f"status {answer.status_code}")[:200]
    sentence = f"the registry refused {where}: {' '.join(said.split())}"
    if answer.status_code == 401:
        return Unauthorized(sentence, hint=f"sign in: docker login {where.registry}")
    if answer.status_code == 403:
        return Forbidden(sentence, hint="use an account that may do this")
    if answer.status_code == 404:
        return NotFound(sentence, hint="check the name and the tag")
    return RegistryRefused(sentence)


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _in_words(where: OciReference) -> Iterator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as e:
        words = " ".join(str(e).split())[:200] or type(e).__name__
        raise RegistryUnreachable(
            f"the registry {where.registry} did not answer: {words}",
            hint="is it running? One without TLS needs plain_http: true",
        ) from e
