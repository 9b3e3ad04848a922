"""A store of xorbs without a server around it."""

from __future__ import annotations

from pathlib import Path

from paddock.hub.xet import records
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import StoredXorb
from paddock.hub.xet.xorbs import XorbParser
from paddock.storage.blobs import Blob
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from paddock.storage.migrate import migrate
from tests.hub.xet.messages import Xorb


class Store:
    """A database and blobs, into which xorbs are put without a server."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder}/hub.db")
        migrate(self.database)
        self.blobs = LocalBlobStore(folder / "blobs")

    def shelf(self) -> Shelf:
        return Shelf(self.database, self.blobs)

    def put(self, xorb: Xorb) -> Blob:
        with self.blobs.begin() as writer:
            parser = XorbParser(writer.write)
            parser.feed(xorb.body)
            name, chunks = parser.finish()
            blob = writer.commit()
        with self.database.write() as conn:
            records.add_xorb(conn, StoredXorb(name, blob, chunks), None)
        return blob
