"""What every test may ask for: storage of both kinds, a live server, the shared test material."""

from __future__ import annotations

import os
import signal

# A shell starts what runs in its background deaf to Ctrl-C, which tests send to what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an answer takes says how busy the machine is. The client reads these when it is imported.
os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", "60")
os.environ.setdefault("HF_HUB_DOWNLOAD_TIMEOUT", "60")

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from paddock import log
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.chromium import chromium as chromium
from tests.databases import postgresql_url, sqlite_url
from tests.live import LiveServer, live_server

log.configure("error")

# How long an example takes says how busy the machine is, nothing about our code.
settings.register_profile("paddock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paddock")
for phase in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, phase, 60.0)

REPOSITORY = Path(__file__).parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """A test may set logging up for itself. By the library's own rules a traceback shows every
    variable, which takes minutes for a long text."""
    yield
    log.configure("error")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real material with its own licences, which lies beside a checkout and never in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the shared test material is not at {SHARED_DATA}")
    return SHARED_DATA


@contextmanager
def _database_of(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield sqlite_url(folder)
    else:
        with postgresql_url() as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of each kind."""
    with _database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "blobs")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """The real server on a free port, over SQLite."""
    with live_server(tmp_path / "data", sqlite_url(tmp_path)) as running:
        yield running


@pytest.fixture
def server_on_each(database_url: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The same on SQLite and on PostgreSQL, for what depends on the database."""
    with live_server(tmp_path / "data", database_url) as running:
        yield running


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for a whole file of tests that use repositories of their own."""
    folder = tmp_path_factory.mktemp("server")
    with live_server(folder / "data", sqlite_url(folder)) as running:
        yield running
