"""Somebody who makes releases: keys, update metadata, and trust files for those who read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from paddock.release.signatures.sign import Place, update_repository
from paddock.release.signatures.tuf.repository import Repository
from paddock.release.spec.sign import Sign
from paddock.release.verifying.trust import Trust, load_trusted
from paddock.signing.keys import create_key
from tests.release.signed import write_vouched

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
SIGN: dict[str, Any] = {
    "oms": {"key": "oms.pem"},
    "dsse": {"keys": ["ed25519.pem", "pq.pem"], "threshold": 2},
    "tuf": {"repo": "tuf", "keys": "tuf-keys", "root_threshold": 2},
}


class Publisher:
    """Somebody with keys who makes releases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = Place(folder, folder / "home")
        for name, kind in (("oms", "p256"), ("ed25519", "ed25519"), ("pq", "ml-dsa-65")):
            create_key(folder / f"{name}.pem", kind, None)

    def release(self, where: str, now: datetime = NOW, sign: Any = None, **named: Any) -> Path:
        spec = Sign.model_validate(SIGN if sign is None else sign)
        return write_vouched(self.folder / where, spec, self.place, now, **named)

    @property
    def repository(self) -> Repository:
        tuf = Sign.model_validate(SIGN).tuf
        assert tuf is not None
        return update_repository(tuf, self.place)

    def trust(self, *keys: str, **more: Any) -> Trust:
        """A trust file of these keys."""
        said = {"apiVersion": "paddock/v1", "kind": "Trust"}
        file = self.folder / "trust.yaml"
        if keys:
            said["keys"] = [f"{key}.pub.pem" for key in keys]
        file.write_text(yaml.safe_dump({**said, **more}))
        return load_trusted(file, self.folder / "home")

    def root(self) -> dict[str, str]:
        return {"root": "tuf/1.root.json"}
