"""Who we are at a registry: what ``docker login`` and ``oras login`` keep in ``config.json``.

Reads ``auths`` only. A credential helper is a program that a file names; it is not run, and who
keeps a password there is told so.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from paddock.errors import BadInput

MAX_CONFIG_BYTES = 1 << 20


class Credentials(NamedTuple):
    """A name and a password, or a token, for one registry."""

    name: str
    secret: str

    @property
    def basic(self) -> str:
        """As an Authorization header says it."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.secret}".encode()).decode()


def credentials_for(registry: str) -> Credentials | None:
    """What is kept for exactly this registry; None when nothing is."""
    config = _read(config_path())
    auths = config.get("auths")
    kept = auths.get(registry) if isinstance(auths, dict) else None
    if isinstance(kept, dict) and isinstance(kept.get("auth"), str) and kept["auth"]:
        return _decode(kept["auth"], registry)
    helper = config.get("credsStore") or (config.get("credHelpers") or {}).get(registry)
    if kept is not None and helper:
        raise BadInput(
            f"the password for {registry} is kept by docker-credential-{helper}, which is not run",
            hint="sign in with a DOCKER_CONFIG folder that has no credsStore",
        )
    return None


def config_path() -> Path:
    """Where registries' tools keep it: ``DOCKER_CONFIG`` is a folder."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CONFIG_BYTES + 1)
    except OSError:
        return {}
    try:
        found = json.loads(raw) if len(raw) <= MAX_CONFIG_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadInput(f"{path} is not a configuration that paddock can read")
    return found


def _decode(auth: str, registry: str) -> Credentials:
    try:
        name, colon, secret = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as e:
        raise BadInput(f"what {config_path()} keeps for {registry} is not a password") from e
    if not colon:
        raise BadInput(f"what {config_path()} keeps for {registry} has no password")
    return Credentials(name, secret)
