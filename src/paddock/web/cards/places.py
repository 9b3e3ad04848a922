"""Where the links and pictures of a card lead: into its repository at a revision, or elsewhere.

Pure. A relative address is a path of the repository, as on other hubs; one that climbs out of it
leads nowhere. Pictures of other hosts are never loaded, so reading a card tells nobody.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

ANCHOR = "card-"  # before the names of a card's headings, so that they are no others of the page
_OF_FILES = re.compile(r"/(?:datasets/|spaces/)?[^/]+/[^/]+/resolve/[^/]+/.+")


class Place(NamedTuple):
    """The file that is shown: its repository, the revision, the folder it lies in."""

    web_path: str
    revision: str
    folder: str = ""
    base_url: str = ""  # of this hub

    def link(self, address: str) -> str | None:
        """Where a link leads; None: nowhere."""
        own = self._own(address)
        if own.startswith("#"):
            return f"#{ANCHOR}{slug(unquote(own[1:]))}"
        parts = _parts(own)
        if parts is None:
            return None
        if parts.scheme or parts.netloc or own.startswith("/"):
            return own if not own.startswith("//") else f"https:{own}"
        path = self.path(own)
        if path is None:
            return None
        kind = "blob" if path else "tree"
        fragment = f"#{quote(parts.fragment)}" if parts.fragment else ""
        return f"{self.web_path}/{kind}/{quote(self.revision, safe='')}/{quote(path)}{fragment}"

    def media(self, address: str) -> str | None:
        """Where a picture's bytes are on this hub; None: elsewhere, or nowhere."""
        own = self._own(address)
        parts = _parts(own)
        if parts is None or parts.scheme or parts.netloc or not own:
            return None
        if own.startswith("/"):
            return own if _OF_FILES.fullmatch(parts.path) and "/../" not in own else None
        path = self.path(own)
        if not path:
            return None
        return f"{self.web_path}/resolve/{quote(self.revision, safe='')}/{quote(path)}"

    def path(self, address: str) -> str | None:
        """The path in the repository that a relative address names."""
        parts = _parts(self._own(address))
        if parts is None or parts.scheme or parts.netloc or address.startswith("/"):
            return None
        steps = [step for step in self.folder.split("/") if step]
        for step in unquote(parts.path).split("/"):
            if step == ".." and not steps:
                return None
            if step == "..":
                steps.pop()
            elif step not in {"", "."}:
                steps.append(step)
        return "/".join(steps)

    def _own(self, address: str) -> str:
        """The same without this hub's own name, and without what browsers pass over."""
        address = "".join(c for c in address.strip() if c.isprintable()).replace("\\", "/")
        if self.base_url and address.startswith(f"{self.base_url}/"):
            return address[len(self.base_url) :]
        return address


def host_of(address: str) -> str:
    """The host that an address names; "" where there is none."""
    parts = _parts(address)
    return parts.hostname or "" if parts is not None else ""


def slug(text: str) -> str:
    """A heading's name in addresses, as other hubs make it."""
    kept = (c for c in text.strip().lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")[:80] or "section"


def _parts(address: str) -> SplitResult | None:
    """An address in its parts; None for one that is none."""
    try:
        parts = urlsplit(address)
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts
