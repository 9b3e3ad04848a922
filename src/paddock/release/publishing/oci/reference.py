"""``REGISTRY/NAME:TAG`` or ``REGISTRY/NAME@sha256:…``, taken apart (OCI distribution 1.1, 2)."""

from __future__ import annotations

import re
from typing import NamedTuple

from paddock.errors import BadInput, shown

_PORT = r"(?::[0-9]{1,5})?"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
_HOST = rf"(?:{_NAME}|\[[0-9a-fA-F:]{{2,45}}\]){_PORT}"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<registry>{_HOST})/(?P<name>{_PART}(?:/{_PART}){{0,15}})"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})|@(?P<digest>sha256:[0-9a-f]{64}))?"
)
SCHEME = "oci://"


class OciReference(NamedTuple):
    """A repository of a registry and, where it is named, one of its manifests."""

    registry: str
    name: str
    tag: str | None = None
    digest: str | None = None

    @property
    def manifest(self) -> str:
        """What the manifest is asked for by; ``latest`` when nothing is named."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        end = f"@{self.digest}" if self.digest else f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.name}{end}"


def parse_reference(text: str) -> OciReference:
    """The reference, with or without ``oci://``; raises BadInput."""
    found = _REFERENCE.fullmatch(text.removeprefix(SCHEME)) if len(text) <= 1024 else None
    if found is None:
        raise BadInput(
            f"{shown(text)} is not REGISTRY/NAME[:TAG]", hint="registry.example/acme/model:1.0.0"
        )
    return OciReference(**found.groupdict())
