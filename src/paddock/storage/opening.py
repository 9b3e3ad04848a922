"""Opening the storage that the settings name. Imports no server: the command line uses it, too."""

from __future__ import annotations

import re
from pathlib import Path

from paddock.config import BadSetting, Settings
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from paddock.storage.migrate import migrate
from paddock.storage.s3_address import Bucket

DATABASE_FILE = "paddock.db"

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)?")


def open_database(settings: Settings) -> Database:
    """The database, created and migrated as needed, with the data folder that it belongs to."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(database_url(settings))
    migrate(database)
    return database


def database_url(settings: Settings) -> str:
    """SQLite inside the data folder unless a server is named."""
    return settings.database_url or f"sqlite:///{embedded_database(settings)}"


def embedded_database(settings: Settings) -> Path:
    """Where the SQLite file is, or would be."""
    return settings.data.absolute() / DATABASE_FILE


def open_blobs(settings: Settings) -> BlobStore:
    """The blob store: a folder inside the data folder unless a bucket is named."""
    if settings.s3_bucket is None:
        return LocalBlobStore(settings.data / "blobs")
    bucket = named_bucket(settings)
    try:
        from paddock.storage.s3_blobs import S3BlobStore
        from paddock.storage.s3_connection import S3Connection
    except ModuleNotFoundError as e:
        raise BadSetting(
            "s3_bucket needs the obstore package", hint="pip install 'paddock[s3]'"
        ) from e
    return S3BlobStore(S3Connection(bucket))


def named_bucket(settings: Settings) -> Bucket:
    """The bucket that the settings name; raises BadSetting for what cannot be one."""
    name, prefix = settings.s3_bucket or "", settings.s3_prefix.strip("/")
    if not _BUCKET.fullmatch(name):
        raise BadSetting(
            f"s3_bucket is {name!r}, which is no bucket's name",
            hint="the name alone, without s3://",
        )
    if not _PREFIX.fullmatch(prefix):
        raise BadSetting(
            f"s3_prefix is {settings.s3_prefix!r}", hint="names of letters, digits and _.-"
        )
    if (settings.s3_access_key is None) != (settings.s3_secret_key is None):
        raise BadSetting("s3_access_key and s3_secret_key belong together", hint="set both")
    if settings.s3_direct == "on" and settings.s3_secret_key is None:
        raise BadSetting("s3_direct needs keys to sign with", hint="set s3_access_key")
    return Bucket(
        name,
        settings.s3_endpoint or f"https://s3.{settings.s3_region}.amazonaws.com",
        region=settings.s3_region,
        prefix=prefix,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        path_style=settings.s3_addressing == "path",
        direct=settings.s3_direct == "on",
        public_endpoint=settings.s3_public_endpoint,
    )
