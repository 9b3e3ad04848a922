"""What a Xet token allows, and what the address of stored bytes allows.

Both are signed text (``hub.signing``): nothing is stored for them, and they end by themselves. A
token covers one repository. An address covers some byte ranges of one xorb, because a xorb may hold
chunks of other repositories' files too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from paddock.errors import Forbidden, Unauthorized
from paddock.hub import signing
from paddock.storage.blobs import Blob

# Clients ask for a new token a minute before the end, and for new addresses after it.
TOKEN_SECONDS = 3600
ADDRESS_SECONDS = 3600

_TOKEN = "xet-token"  # noqa: S105  (a purpose, not a secret)
_ADDRESS = "xet-address"


class XetAccess(NamedTuple):
    """What the bearer of a token may do: read the files of a repository, or add to them too."""

    repo_id: int
    user_id: int | None
    may_write: bool


class XorbRanges(NamedTuple):
    """What the bearer of an address may read: ranges of a blob, each end exclusive."""

    blob: Blob
    ranges: list[tuple[int, int]]


def issue_token(key: bytes, access: XetAccess, now: datetime) -> tuple[str, int]:
    """A token and the Unix time of its end."""
    end = now + timedelta(seconds=TOKEN_SECONDS)
    fields = {"repo": access.repo_id, "user": access.user_id, "write": access.may_write}
    return signing.sign(key, _TOKEN, fields, end), int(end.timestamp())


def check_token(key: bytes, authorization: str, now: datetime) -> XetAccess:
    """What the ``Authorization`` header allows; raises Unauthorized."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("this needs a Xet token", hint="ask the repository for one")
    try:
        fields = signing.check(key, _TOKEN, token.strip(), now)
    except signing.BadSignature as e:
        raise Unauthorized(f"the Xet token is not valid: {e.message}") from e
    return XetAccess(fields["repo"], fields["user"], fields["write"])


def require_write(access: XetAccess) -> None:
    """Raise Forbidden for a token that only reads."""
    if not access.may_write:
        raise Forbidden("this Xet token may only read", hint="ask for a write token")


def sign_address(key: bytes, blob: Blob, ranges: Sequence[tuple[int, int]], now: datetime) -> str:
    """The signature that makes an address of a xorb's bytes work, for these ranges."""
    fields = {"blob": blob.sha256, "size": blob.size_bytes, "ranges": list(ranges)}
    return signing.sign(key, _ADDRESS, fields, now + timedelta(seconds=ADDRESS_SECONDS))


def check_address(key: bytes, signature: str, now: datetime) -> XorbRanges:
    """What an address allows; raises BadSignature (403, on which clients ask for a new one)."""
    fields = signing.check(key, _ADDRESS, signature, now)
    ranges = [(start, end) for start, end in fields["ranges"]]
    return XorbRanges(Blob(fields["blob"], fields["size"]), ranges)
