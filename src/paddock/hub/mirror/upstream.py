"""The other hub, over the network: what it says of a repository, its git history, its large files.

Knows HTTP and git's client side; writes nothing here. Answers are bounded before they are read. The
token is sent to the other hub alone: where a large file's bytes are elsewhere, only the headers go
that the other hub named for them. Raises UpstreamUnreachable, UpstreamRefused, BadUpstreamAnswer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import quote, urlsplit

import httpx2
import orjson
from dulwich.client import HttpGitClient
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository
from dulwich.objects import ObjectID

from paddock.errors import PaddockError, Unavailable, shown
from paddock.hub.mirror.policy import BadUpstreamAnswer, UpstreamFacts, read_facts
from paddock.hub.names import RepositoryName

MAX_ANSWER_BYTES = 4 << 20
MAX_PACK_BYTES = 2 << 30  # git objects alone: large files travel by themselves
MAX_REFS = 50_000
TIMEOUT_SECONDS = 30.0
PIECE_BYTES = 1 << 20
_FACTS = ("gated", "private", "disabled", "cardData")
_LFS = "application/vnd.git-lfs+json"
_REF_PREFIXES = (b"refs/heads/", b"refs/tags/")


class UpstreamUnreachable(Unavailable):
    """The hub that this one mirrors did not answer; what is here already is served."""

    code = "upstream_unreachable"


class UpstreamRefused(PaddockError):
    """The hub that this one mirrors answered, and said no to our token."""

    code = "upstream_refused"
    status = 403


@dataclass(frozen=True, slots=True)
class Upstream:
    """Another hub of the same protocol, and the token we are known there by."""

    url: str
    token: str | None = None
    allowed_licences: frozenset[str] = frozenset()
    for_strangers: bool = False  # whether somebody who did not sign in may start a mirror
    refresh_seconds: float = 300.0
    _client: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(timeout=TIMEOUT_SECONDS, follow_redirects=True),
        repr=False,
        compare=False,
    )

    def facts(self, name: RepositoryName) -> UpstreamFacts | None:
        """What the other hub says of a repository, or None when it has none of this name."""
        expand: list[tuple[str, str | int | float | bool | None]] = [
            ("expand", field) for field in (*_FACTS, *(("sdk",) if name.kind == "space" else ()))
        ]
        url = f"{self.url}/api/{name.kind}s/{_quoted(name)}"
        status, body = self._answer("GET", url, params=expand)
        if status in (401, 404):
            return None
        if status == 403:
            raise UpstreamRefused(f"{self.url} does not let us see {shown(name.full)}")
        if status != 200:
            raise UpstreamUnreachable(f"{self.url} answered {status} for {shown(name.full)}")
        return read_facts(_json_object(body))

    def fetch(
        self, name: RepositoryName, held: Sequence[str], known: Mapping[str, str], pack: IO[bytes]
    ) -> dict[str, str]:
        """The branches and tags of a repository now; ``pack`` gets the objects that are missing.

        ``held`` are commits that we have whole, ``known`` the refs as they are here: when nothing
        moved, nothing is written.
        """
        client = HttpGitClient(
            self.url,
            username="paddock" if self.token else None,
            password=self.token,
            timeout=TIMEOUT_SECONDS,
            thin_packs=False,
        )
        wanted = _Wanted(known)
        try:
            result = client.fetch_pack(
                f"/{name.kind.url_prefix}{_quoted(name)}.git",
                wanted.choose,
                _Held(held),
                _bounded(pack),
                ref_prefix=list(_REF_PREFIXES),
            )
        except NotGitRepository as e:
            raise UpstreamRefused(f"{self.url} gives us no history of {shown(name.full)}") from e
        except (GitProtocolError, HangupException) as e:
            if "401" in str(e) or "403" in str(e):
                raise UpstreamRefused(
                    f"{self.url} does not let us read {shown(name.full)}",
                    hint="accept its terms there with the account of upstream_token",
                ) from e
            raise UpstreamUnreachable(f"{self.url} broke off: {str(e)[:200]}") from e
        except OSError as e:
            raise UpstreamUnreachable(f"{self.url} broke off: {str(e)[:200]}") from e
        finally:
            client.pool_manager.clear()
        return wanted.branches_and_tags(result.refs)

    @contextmanager
    def large_file(
        self, name: RepositoryName, sha256: str, size_bytes: int, start: int
    ) -> Iterator[Iterator[bytes]]:
        """The bytes of a large file from ``start`` on, not yet proven to be those of its digest."""
        href, headers = self._download_address(name, sha256, size_bytes)
        if start:
            headers["Range"] = f"bytes={start}-"
        headers.setdefault("Accept-Encoding", "identity")
        try:
            with self._client.stream("GET", href, headers=headers) as response:
                if response.status_code != (206 if start else 200):
                    raise UpstreamUnreachable(
                        f"{self.url} answered {response.status_code} for large file {sha256}"
                    )
                yield response.iter_raw(PIECE_BYTES)
        except httpx2.HTTPError as e:
            raise UpstreamUnreachable(f"{self.url} broke off: {str(e)[:200]}") from e

    def require_held(self, name: RepositoryName, sha256: str, size_bytes: int) -> None:
        """Raise UpstreamUnreachable or UpstreamRefused unless that repository has the large file.

        A pointer in its history does not say so.
        """
        self._download_address(name, sha256, size_bytes)

    def close(self) -> None:
        """Let go of idle connections."""
        self._client.close()

    def _download_address(
        self, name: RepositoryName, sha256: str, size_bytes: int
    ) -> tuple[str, dict[str, str]]:
        """Where git-lfs would fetch the file from, and the headers to send there."""
        url = f"{self.url}/{name.kind.url_prefix}{_quoted(name)}.git/info/lfs/objects/batch"
        asked = {
            "operation": "download",
            "transfers": ["basic"],
            "hash_algo": "sha256",
            "objects": [{"oid": sha256, "size": size_bytes}],
        }
        headers = {"Content-Type": _LFS, "Accept": _LFS}
        status, body = self._answer("POST", url, content=orjson.dumps(asked), headers=headers)
        if status in (401, 403):
            raise UpstreamRefused(f"{self.url} does not let us read {shown(name.full)}")
        if status != 200:
            raise UpstreamUnreachable(f"{self.url} answered {status} for large file {sha256}")
        return self._address_in(_json_object(body), sha256)

    def _address_in(self, answer: Mapping[str, Any], sha256: str) -> tuple[str, dict[str, str]]:
        try:
            action = answer["objects"][0]["actions"]["download"]
            href, given = action["href"], action.get("header") or {}
            headers = {str(key): str(value) for key, value in given.items()}
        except (KeyError, IndexError, TypeError, AttributeError) as e:
            raise UpstreamUnreachable(f"{self.url} does not have large file {sha256}") from e
        if not isinstance(href, str) or urlsplit(href).scheme not in ("http", "https"):
            raise BadUpstreamAnswer(f"{self.url} sends us to {shown(href)} for a large file")
        if href.startswith(f"{self.url}/") and self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return href, headers

    def _answer(self, method: str, url: str, **asked: Any) -> tuple[int, bytes]:
        headers = dict(asked.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            with self._client.stream(method, url, headers=headers, **asked) as response:
                body = bytearray()
                for piece in response.iter_bytes(PIECE_BYTES):
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        raise BadUpstreamAnswer(f"{self.url} answered more than we read")
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise UpstreamUnreachable(f"{self.url} does not answer: {str(e)[:200]}") from e
        return response.status_code, bytes(body)


class _Wanted:
    """Chooses what to ask for, in the form that the git client calls."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = set(known.values())

    def choose(
        self, refs: Mapping[Any, ObjectID | None], depth: int | None = None
    ) -> list[ObjectID]:
        found = self.branches_and_tags(refs)
        return [ObjectID(oid.encode()) for oid in sorted(set(found.values()) - self._known)]

    def branches_and_tags(self, refs: Mapping[Any, ObjectID | None]) -> dict[str, str]:
        """The refs that a mirror follows, by their full names."""
        if len(refs) > MAX_REFS:
            raise BadUpstreamAnswer(f"the other hub lists {len(refs)} refs")
        return {
            ref.decode(): oid.decode()
            for ref, oid in refs.items()
            if oid is not None and ref.startswith(_REF_PREFIXES) and not ref.endswith(b"^{}")
        }


class _Held:
    """Tells the other side which commits we have, in the form that the git client calls."""

    def __init__(self, oids: Sequence[str]) -> None:
        self._left = [ObjectID(oid.encode()) for oid in oids]
        self.shallow: set[ObjectID] = set()
        self.unshallow: set[ObjectID] = set()

    def __next__(self) -> ObjectID | None:
        return self._left.pop() if self._left else None

    def ack(self, oid: ObjectID) -> None:
        """The other side has it too; it is told of all of ours anyway."""

    def nak(self) -> None:
        """It has none of those told so far."""


def _bounded(pack: IO[bytes]) -> Any:
    written = 0

    def write(piece: bytes) -> int:
        nonlocal written
        written += len(piece)
        if written > MAX_PACK_BYTES:
            raise BadUpstreamAnswer(f"the history is larger than {MAX_PACK_BYTES} bytes")
        return pack.write(piece)

    return write


def _quoted(name: RepositoryName) -> str:
    return f"{quote(name.namespace, safe='')}/{quote(name.name, safe='')}"


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as e:
        raise BadUpstreamAnswer("the other hub's answer is not JSON") from e
    if not isinstance(value, dict):
        raise BadUpstreamAnswer("the other hub's answer is not a JSON object")
    return value
