"""The body of a delivery, version 3 of the Hub's payload.

Pure. An event keeps addresses as paths of this hub; here they become addresses (hub protocol 15).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION = 3


def render_body(body: Mapping[str, Any], webhook_id: str, hub_url: str) -> bytes:
    """The event as this webhook is told of it."""
    told = {**_with_addresses(body, hub_url), "webhook": {"id": webhook_id, "version": VERSION}}
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()


def _with_addresses(value: Any, hub_url: str, *, in_url: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _with_addresses(inner, hub_url, in_url=in_url or key == "url")
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_with_addresses(inner, hub_url) for inner in value]
    if in_url and isinstance(value, str) and value.startswith("/"):
        return hub_url + value
    return value
