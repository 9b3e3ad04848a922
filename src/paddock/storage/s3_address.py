"""Where an S3 bucket is and how its addresses are signed (AWS Signature Version 4, in the query).

Pure: knows names, keys and the rules of signing; sends nothing. A signed address lets whoever has
it make one kind of request for one object until it expires; headers that are signed must be sent
exactly so (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

MAX_ADDRESS_SECONDS = 7 * 24 * 3600  # as S3
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, the folder in it that is ours, and the keys that open it."""

    name: str
    endpoint: str  # http://host:port, without the bucket
    region: str = "us-east-1"
    prefix: str = ""
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    path_style: bool = True
    # Whether clients may be sent to the store, and under which endpoint they reach it.
    direct: bool = False
    public_endpoint: str | None = None

    def base_url(self, endpoint: str | None = None) -> str:
        """Where the bucket's objects are, without a trailing slash."""
        endpoint = endpoint or self.endpoint
        if self.path_style:
            return f"{endpoint}/{self.name}"
        scheme, _, host = endpoint.partition("://")
        return f"{scheme}://{self.name}.{host}"

    def full_key(self, key: str) -> str:
        """The object's key in the bucket."""
        return f"{self.prefix}/{key}" if self.prefix else key


class Allowed(NamedTuple):
    """The request that an address is for: ``headers``, in lower case, must come with it as they
    are here, and ``query`` is part of the address. The key is the one in the bucket."""

    method: str
    key: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


def sign_address(
    bucket: Bucket, allowed: Allowed, *, now: datetime, seconds: int, public: bool = False
) -> str:
    """An address at which the request works until ``seconds`` have passed.

    ``public``: for a client, who may reach the store under another endpoint than we do.
    """
    parts = urlsplit(bucket.base_url(bucket.public_endpoint if public else None))
    path = f"{parts.path}/{quote(allowed.key, safe='/-_.~')}"
    at, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{bucket.region}/s3/aws4_request"
    signed = {"host": parts.netloc, **allowed.headers}
    names = ";".join(sorted(signed))
    asked = {
        **allowed.query,
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{bucket.access_key}/{scope}",
        "X-Amz-Date": at,
        "X-Amz-Expires": str(min(seconds, MAX_ADDRESS_SECONDS)),
        "X-Amz-SignedHeaders": names,
    }
    canonical_query = "&".join(f"{_quote(name)}={_quote(asked[name])}" for name in sorted(asked))
    canonical_headers = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    canonical = "\n".join(
        [allowed.method, path, canonical_query, canonical_headers, names, "UNSIGNED-PAYLOAD"]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([_ALGORITHM, at, scope, digest])
    signature = hmac.new(_signing_key(bucket, day), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{parts.scheme}://{parts.netloc}{path}?{canonical_query}&X-Amz-Signature={signature}"


def _signing_key(bucket: Bucket, day: str) -> bytes:
    key = f"AWS4{bucket.secret_key}".encode()
    for step in (day, bucket.region, "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key


def _quote(text: str) -> str:
    return quote(text, safe="-_.~")
