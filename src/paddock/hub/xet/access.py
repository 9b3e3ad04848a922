"""What a Xet token allows, and what the address of stored bytes allows.

Both are signed text (``hub.signing``): nothing is stored for them, and they end by themselves. A
token covers one repository and the revision that it was asked for. An address covers some byte
ranges of one xorb, because a xorb may hold chunks of other repositories' files too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from paddock.errors import Forbidden, Unauthorized
from paddock.hub import signing
from paddock.hub.bearers import Bearer
from paddock.storage.blobs import Blob

# Clients ask for a new token a minute before the end, and for new addresses after it.
TOKEN_SECONDS = 3600
ADDRESS_SECONDS = 3600

_TOKEN = "xet-token"  # noqa: S105  (a purpose, not a secret)
_ADDRESS = "xet-address"


class XetAccess(NamedTuple):
    """What the bearer of a token may do: read the files of a repository, or add to them too."""

    repo_id: int
    bearer: Bearer
    may_write: bool
    revision: str = ""  # the one that it was asked for; "": any


class XorbRanges(NamedTuple):
    """What the bearer of an address may read: ranges of a xorb, each end exclusive.

    The blob's size is the xorb's, also of one that is a view of a larger blob; such a one is named,
    because its table of chunks says where its bytes lie.
    """

    repo_id: int
    bearer: Bearer
    sha256: str  # of the file that they are for
    blob: Blob
    ranges: Sequence[tuple[int, int]]
    viewed: str | None  # hash of the xorb


def issue_token(key: bytes, access: XetAccess, now: datetime) -> tuple[str, int]:
    """A token and the Unix time of its end."""
    end = now + timedelta(seconds=TOKEN_SECONDS)
    fields = {
        "repo": access.repo_id,
        "by": list(access.bearer),
        "write": access.may_write,
        "rev": access.revision,
    }
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
    if "rev" not in fields:  # made by an older paddock
        raise Unauthorized("the Xet token is not valid any more", hint="ask for a new one")
    return XetAccess(fields["repo"], Bearer(*fields["by"]), fields["write"], fields["rev"])


def require_write(access: XetAccess) -> None:
    """Raise Forbidden for a token that only reads."""
    if not access.may_write:
        raise Forbidden("this Xet token may only read", hint="ask for a write token")


def sign_address(key: bytes, allowed: XorbRanges, now: datetime) -> str:
    """The signature that makes an address of a xorb's bytes work, for these ranges."""
    fields = {
        "repo": allowed.repo_id,
        "by": list(allowed.bearer),
        "file": allowed.sha256,
        "blob": list(allowed.blob),
        "ranges": list(allowed.ranges),
        "viewed": allowed.viewed,
    }
    return signing.sign(key, _ADDRESS, fields, now + timedelta(seconds=ADDRESS_SECONDS))


def check_address(key: bytes, signature: str, now: datetime) -> XorbRanges:
    """What an address allows; raises BadSignature (403, on which clients ask for a new one)."""
    fields = signing.check(key, _ADDRESS, signature, now)
    if "viewed" not in fields:  # made by an older paddock
        raise signing.SignatureExpired("the signature has expired", hint="ask for a new address")
    ranges = [(start, end) for start, end in fields["ranges"]]
    bearer, blob = Bearer(*fields["by"]), Blob(*fields["blob"])
    return XorbRanges(fields["repo"], bearer, fields["file"], blob, ranges, fields["viewed"])
