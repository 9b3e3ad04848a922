"""Opening the database that the settings name. Imports no server: the command line uses it, too."""

from __future__ import annotations

from pathlib import Path

from paddock.config import Settings
from paddock.storage.database import Database
from paddock.storage.migrate import migrate

DATABASE_FILE = "paddock.db"


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
