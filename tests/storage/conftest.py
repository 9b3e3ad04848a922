"""What every test of storage may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.storage.blobs import BlobStore
from paddock.storage.local_blobs import LocalBlobStore
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.buckets import new_bucket


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """Every kind of blob store: what is tested with it holds for all of them."""
    if request.param == "local":
        return LocalBlobStore(tmp_path / "store")
    return S3BlobStore(S3Connection(new_bucket(prefix="some/folder")))
