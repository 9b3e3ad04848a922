"""A fresh bucket for a test, in the Swift that ``scripts/swift.sh`` starts once for all of them."""

from __future__ import annotations

import functools
import os
import secrets
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from paddock import clock
from paddock.storage.s3_address import Allowed, Bucket, sign_address

ROOT = Path(__file__).parent.parent


def new_bucket(*, direct: bool = False, prefix: str = "") -> Bucket:
    """A new bucket in the test's own store."""
    bucket = replace(_server(), name=f"test-{os.getpid()}-{secrets.token_hex(6)}")
    address = sign_address(bucket, Allowed("PUT", ""), now=clock.now(), seconds=60)
    with urlopen(Request(address, method="PUT", data=b"")) as answer:
        assert answer.status == 200
    return replace(bucket, direct=direct, prefix=prefix)


@functools.cache
def _server() -> Bucket:
    printed = subprocess.run(
        [ROOT / "scripts/swift.sh", "url"], check=True, stdout=subprocess.PIPE, text=True
    )
    url = urlsplit(printed.stdout.strip())
    assert url.username and url.password
    return Bucket(
        "unnamed",
        f"http://{url.hostname}:{url.port}",
        access_key=unquote(url.username),
        secret_key=url.password,
    )
