"""Requests to an S3 bucket through ``obstore``: time-outs, retries, and failures in our words.

Knows objects by key; does not know what they are. A request that failed is tried again for a few
seconds, with growing pauses, when that can do no harm; then it is ``StoreUnavailable``, on which
clients may send their request again. Nothing here takes a missing answer for a good one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from paddock.log import get_logger
from paddock.storage.errors import StorageFailed, StorageFull
from paddock.storage.s3_address import Bucket

CONNECT_SECONDS = 5
# Without a byte in this time an answer is lost.
READ_SECONDS = 30
# A request that sends or asks for a bounded amount; a download may take as long as it flows.
REQUEST_SECONDS = 180
DOWNLOAD_SECONDS = 24 * 3600
RETRY_SECONDS = 20
MAX_RETRIES = 6

log = get_logger("storage")

_STATUS = re.compile(r"status code: ([0-9]{3})")
_REASON = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_NO_ROOM = {"507"}
_NO_ROOM_CODES = {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "EntityTooLarge"}


class StoreUnavailable(StorageFailed):
    """The object store did not answer, or answered that it cannot now."""

    code = "store_unavailable"


class StoreRefused(StorageFailed):
    """The object store does not accept our keys, or does not have our bucket."""

    code = "store_refused"


class S3Connection:
    """One bucket's two clients: one for requests that end soon, one for downloads."""

    def __init__(
        self, bucket: Bucket, *, max_retries: int = MAX_RETRIES, read_seconds: float = READ_SECONDS
    ) -> None:
        self.bucket = bucket
        self._options = {"max_retries": max_retries, "read_seconds": read_seconds}
        self.requests = self._client(REQUEST_SECONDS)
        self.downloads = self._client(DOWNLOAD_SECONDS)

    def _client(self, request_seconds: float) -> S3Store:
        bucket = self.bucket
        keys: dict[str, Any] = {}
        if bucket.access_key and bucket.secret_key:
            keys = {
                "access_key_id": bucket.access_key,
                "secret_access_key": bucket.secret_key,
            }
        read_seconds = timedelta(seconds=self._options["read_seconds"])
        return S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            endpoint=bucket.endpoint if bucket.path_style else bucket.base_url(),
            region=bucket.region,
            virtual_hosted_style_request=not bucket.path_style,
            disable_bulk_delete=True,  # not every store has that call
            client_options={
                "allow_http": bucket.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "read_timeout": read_seconds,
                "timeout": timedelta(seconds=request_seconds),
            },
            retry_config={
                "max_retries": int(self._options["max_retries"]),
                "retry_timeout": timedelta(seconds=RETRY_SECONDS),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=5),
                    "base": 2,
                },
            },
            **keys,
        )

    def head(self, key: str) -> Any | None:
        """What is known of the object, or None when there is none."""
        with store_errors("looking for an object"):
            try:
                return obstore.head(self.requests, key)
            except FileNotFoundError:
                return None

    def delete(self, keys: list[str]) -> None:
        """Delete the objects; no error for those that are not there."""
        for key in keys:
            with store_errors("deleting an object"):
                try:
                    obstore.delete(self.requests, key)
                except FileNotFoundError:
                    continue

    def list(self, prefix: str) -> Iterator[Any]:
        """Path, size and time of every object whose key begins with ``prefix`` and a slash."""
        with store_errors("listing objects"):
            for some in obstore.list(self.requests, prefix):
                yield from some


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Translates every failure of the store in the block; a missing object is not one."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise from_store_error(error, doing) from error


def from_store_error(error: Exception, doing: str) -> StorageFailed:
    """Our error for the store's; what it said in full is logged, and not told to strangers."""
    said = str(error).partition("\n\nDebug source")[0]
    log.warning("the object store failed", doing=doing, error=said[:1000])
    status, reason = _STATUS.search(said), _REASON.search(said)
    if (status and status[1] in _NO_ROOM) or (reason and reason[1] in _NO_ROOM_CODES):
        return StorageFull(
            f"the object store has no room left while {doing}", hint="free some space"
        )
    answered = " ".join(found[1] for found in (status, reason) if found) or "no usable answer"
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return StoreRefused(
            f"the object store refused us while {doing}: {answered}",
            hint="check the bucket, the keys, and that this machine's clock is right",
        )
    return StoreUnavailable(f"the object store failed while {doing}: {answered}", hint="try again")


def status_of(error: Exception) -> str | None:
    """The HTTP status with which the store answered, if it did."""
    found = _STATUS.search(str(error))
    return found[1] if found else None
