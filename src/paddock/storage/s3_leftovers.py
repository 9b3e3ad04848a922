"""What broken uploads leave in an S3 bucket: parts of uploads, ours and the store's own.

Knows two kinds: objects under ``uploads/`` that nobody completed, and multipart uploads of the
store that were neither completed nor aborted, which are invisible and still take room. Only what
is a week old is removed, so that nobody's upload is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from paddock import clock
from paddock.log import get_logger
from paddock.storage.blobs import PARTS_KEPT_SECONDS
from paddock.storage.s3_address import Allowed, sign_address
from paddock.storage.s3_connection import S3Connection, StoreUnavailable
from paddock.storage.s3_parts import FOLDER

log = get_logger("storage")

_SIGNED_SECONDS = 300
_ANSWER_SECONDS = 30
_MAX_ANSWER_BYTES = 4 << 20
_MOST_AT_ONCE = 1000  # as S3: the next run finds the rest
_UPLOAD = re.compile(r"<Upload>(.*?)</Upload>", re.DOTALL)


def remove_leftovers(connection: S3Connection) -> None:
    """Remove both kinds; raises StoreUnavailable."""
    oldest = clock.now() - timedelta(seconds=PARTS_KEPT_SECONDS)
    old = [part["path"] for part in connection.list(FOLDER) if part["last_modified"] < oldest]
    connection.delete(old)
    if connection.bucket.secret_key:
        aborted = list(_abort_uploads(connection, oldest))
        if old or aborted:
            log.info("removed what broken uploads left", parts=len(old), uploads=len(aborted))


def _abort_uploads(connection: S3Connection, oldest: datetime) -> Iterator[str]:
    prefix = connection.bucket.full_key("")
    query = {"uploads": "", "prefix": prefix, "max-uploads": str(_MOST_AT_ONCE)}
    for upload in _UPLOAD.findall(_send(connection, "GET", "", query)):
        key, upload_id, begun = (_field(upload, name) for name in ("Key", "UploadId", "Initiated"))
        at = datetime.fromisoformat(begun.replace("Z", "+00:00")).astimezone(UTC)
        if at < oldest and key.startswith(prefix):
            _send(connection, "DELETE", key, {"uploadId": upload_id})
            yield upload_id


def _field(upload: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", upload, re.DOTALL)
    if not found:
        raise StoreUnavailable(f"the object store lists an upload without its {name}")
    return unescape(found[1])


def _send(connection: S3Connection, method: str, key: str, query: dict[str, str]) -> str:
    """A request that ``obstore`` has no call for."""
    allowed = Allowed(method, key, query)
    url = sign_address(connection.bucket, allowed, now=clock.now(), seconds=_SIGNED_SECONDS)
    request = Request(url, method=method)  # noqa: S310  (the operator's own http address)
    try:
        with urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read(_MAX_ANSWER_BYTES)
    except HTTPError as error:
        if method == "DELETE" and error.code == 404:
            return ""
        raise StoreUnavailable(f"the object store answered {error.code} to {method}") from error
    except (URLError, OSError) as error:
        raise StoreUnavailable("the object store did not answer", hint="try again") from error
    return body.decode(errors="replace")
