"""What every test of storage may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.storage.blobs import BlobStore
from paddock.storage.local_blobs import LocalBlobStore


@pytest.fixture(params=["local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """Every kind of blob store: what is tested with it holds for all of them."""
    assert request.param == "local"
    return LocalBlobStore(tmp_path / "store")
