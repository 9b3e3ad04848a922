"""The git-lfs batch API: what a client asks for, how the bytes will travel, and by what right.

Knows the messages and the signed rights; does not know routes or bytes. A right is bound to a
repository, an object, its size and one action, so that a client needs no token to use it and cannot
use it for anything else.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from paddock.digest import is_sha256
from paddock.errors import BadInput, Conflict, TooLarge
from paddock.hub import signing
from paddock.hub.bearers import STRANGER, Bearer

BASIC, MULTIPART, XET = "basic", "multipart", "xet"

MAX_BATCH_BYTES = 2 * 1024 * 1024
MAX_BATCH_OBJECTS = 10_000
MAX_OBJECT_BYTES = 500 * 10**9  # as the Hub

# A batch's last object may wait for all the others, so an upload's right lasts for a working day.
UPLOAD_SECONDS = 12 * 3600
DOWNLOAD_SECONDS = 3600

# Above this size an upload that breaks off is worth continuing part by part.
MULTIPART_FROM_BYTES = 5 * 1024**3
_SMALLEST_PART_BYTES = 64 * 1024**2
_MOST_PARTS = 1000
MAX_BATCH_PARTS = 100_000  # each is a signed address in the answer


class BadBatch(BadInput):
    """The batch request cannot be read."""

    code = "bad_lfs_batch"
    status = 422


class UnknownHash(Conflict):
    """The client wants to name objects by another digest."""

    code = "unknown_lfs_hash"


class WantedObject(NamedTuple):
    """An object as the client names it; ``problem`` says why it cannot be one."""

    oid: str
    size_bytes: int
    problem: str | None


class Batch(NamedTuple):
    """A batch request within bounds."""

    operation: str
    transfers: tuple[str, ...]
    revision: str
    objects: list[WantedObject]


def parse_batch(body: bytes) -> Batch:
    """Read a batch request; raises BadBatch, UnknownHash."""
    request = parse_object(body)
    operation, objects = request.get("operation"), request.get("objects")
    if operation not in ("upload", "download"):
        raise BadBatch(f"operation {str(operation)[:40]!r}; there are 'upload' and 'download'")
    if request.get("hash_algo", "sha256") not in ("sha256", "sha_256"):
        raise UnknownHash(
            f"hash_algo {str(request['hash_algo'])[:40]!r}; objects have SHA-256 only"
        )
    if not isinstance(objects, list) or len(objects) > MAX_BATCH_OBJECTS:
        raise BadBatch(f"'objects' must be a list of at most {MAX_BATCH_OBJECTS}")
    transfers = request.get("transfers") or [BASIC]
    if not isinstance(transfers, list):
        raise BadBatch("'transfers' must be a list")
    known = tuple(name for name in (XET, MULTIPART, BASIC) if name in transfers)
    return Batch(operation, known, _revision(request.get("ref")), list(map(_wanted, objects)))


def choose_upload_transfer(batch: Batch) -> str:
    """Xet where the client speaks it, parts for what is very large, else one plain PUT."""
    if XET in batch.transfers:
        return XET
    largest = max((wanted.size_bytes for wanted in batch.objects), default=0)
    if MULTIPART in batch.transfers and (
        BASIC not in batch.transfers or largest >= MULTIPART_FROM_BYTES
    ):
        return MULTIPART
    return BASIC


def check_part_count(batch: Batch) -> None:
    """Raise TooLarge when the answer would hold more addresses of parts than one should."""
    parts = sum(-(-wanted.size_bytes // part_bytes(wanted.size_bytes)) for wanted in batch.objects)
    if parts > MAX_BATCH_PARTS:
        raise TooLarge(
            f"the objects have {parts} parts together, more than {MAX_BATCH_PARTS}",
            hint="ask for fewer objects at once",
        )


def part_bytes(size_bytes: int) -> int:
    """Size of every part but the last, in whole MiB."""
    mebibyte = 1024**2
    enough = -(-size_bytes // (_MOST_PARTS * mebibyte)) * mebibyte
    return max(_SMALLEST_PART_BYTES, enough)


class Right(NamedTuple):
    """What a signed address allows to be done with one object of one repository."""

    repo_id: int
    oid: str
    size_bytes: int
    upload_id: str = ""  # of an upload in parts
    part: int = 0  # this part; the number of parts in the right to complete
    bearer: Bearer = STRANGER


def new_upload(right: Right) -> Right:
    """A new upload in parts; nothing of another upload of the same object gets into it."""
    upload_id = f"{right.repo_id}-{right.oid[:16]}-{secrets.token_hex(8)}"
    return right._replace(upload_id=upload_id)


def part_rights(whole: Right) -> list[Right]:
    """The rights to send each part of the upload, in order."""
    step = part_bytes(whole.size_bytes)
    starts = range(0, max(whole.size_bytes, 1), step)
    return [
        whole._replace(size_bytes=min(step, whole.size_bytes - start), part=number)
        for number, start in enumerate(starts, 1)
    ]


def sign_right(key: bytes, action: str, right: Right, now: datetime) -> str:
    """Signature of an address; ``action`` is one of put, part, complete, verify, get."""
    seconds = DOWNLOAD_SECONDS if action == "get" else UPLOAD_SECONDS
    fields = {**right._asdict(), "bearer": list(right.bearer)}
    return signing.sign(key, f"lfs-{action}", fields, now + timedelta(seconds=seconds))


def check_right(key: bytes, action: str, oid: str, signature: str, now: datetime) -> Right:
    """The right that an address for ``oid`` carries; raises BadSignature."""
    right = Right(**signing.check(key, f"lfs-{action}", signature, now))
    right = right._replace(bearer=Bearer(*right.bearer))
    if right.oid != oid:
        raise signing.BadSignature("the signature is for another object")
    return right


def check_completion(body: bytes, right: Right) -> None:
    """Raise BadBatch unless the client names the object and every part of it, once."""
    request = parse_object(body)
    parts = request.get("parts")
    if request.get("oid") != right.oid or not isinstance(parts, list):
        raise BadBatch("a completion names the object's oid and its parts")
    numbers = [part.get("partNumber") if isinstance(part, dict) else None for part in parts]
    if numbers != list(range(1, right.part + 1)):
        raise BadBatch(f"the parts of this upload are 1 to {right.part}, in order")


def parse_verify(body: bytes) -> WantedObject:
    """Read a verify request; raises BadBatch."""
    wanted = _wanted(parse_object(body))
    if wanted.problem is not None:
        raise BadBatch(wanted.problem)
    return wanted


def parse_object(body: bytes) -> dict[str, Any]:
    """A request's JSON object; raises BadBatch."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as e:
        raise BadBatch("the body is not JSON") from e
    if not isinstance(request, dict):
        raise BadBatch("the body is not a JSON object")
    return request


def _revision(ref: object) -> str:
    name = ref.get("name") if isinstance(ref, dict) else None
    return name.removeprefix("refs/heads/") if isinstance(name, str) and name else "main"


def _wanted(value: object) -> WantedObject:
    fields = value if isinstance(value, dict) else {}
    oid, size = fields.get("oid"), fields.get("size")
    shown = oid[:200] if isinstance(oid, str) else ""
    if not is_sha256(shown):
        return WantedObject(shown, 0, "oid is not a SHA-256 in lower-case hex")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return WantedObject(shown, 0, "size is not a number of bytes")
    if size > MAX_OBJECT_BYTES:
        return WantedObject(shown, size, f"size is over the limit of {MAX_OBJECT_BYTES} bytes")
    return WantedObject(shown, size, None)
