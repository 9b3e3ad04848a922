"""Templates as answers: every page goes out from here, packed, with the same policy in its head.

Knows the templates, not what they say. The policy allows scripts and styles that are files of ours
and nothing from elsewhere, so that text from an upload stays text; scripts cannot turn text into
elements (Trusted Types), but for the address of a worker of ours.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import jinja2
import zstandard
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from paddock import __version__
from paddock.hub.sizes import size_text
from paddock.web import static_files

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self'; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action {forms}; "
    "require-trusted-types-for 'script'; trusted-types paddock"
)
_HEADERS: Final = {
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Cookie, Accept-Encoding",
}
_WORTH_BYTES: Final = 1_000  # shorter pages are not worth compressing
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def page(
    template: str, status_code: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """The template, filled. ``forms_to`` names where its forms may lead; without it, here."""
    forms = values.pop("forms_to", "'self'")
    text = _templates.get_template(template).render(**values)
    own = {"Content-Security-Policy": _POLICY.format(forms=forms), **_HEADERS}
    return Page(text, status_code, {**(headers or {}), **own})


class Page(HTMLResponse):
    """A page, compressed as its reader asks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = Headers(scope=scope).get("accept-encoding", "")
        encoding = best_encoding(accepted) if len(self.body) >= _WORTH_BYTES else None
        if encoding is not None:
            self.body = compress(bytes(self.body), encoding)
            self.headers["Content-Encoding"] = encoding
            self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def best_encoding(accepted: str) -> str | None:
    """The encoding of ours that a reader takes, by its Accept-Encoding; None for neither."""
    offered = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return next((name for name in ("zstd", "gzip") if name in offered), None)


def compress(content: bytes, encoding: str) -> bytes:
    """The content in an encoding of ``best_encoding``."""
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=5).compress(content)
    return gzip.compress(content, 6, mtime=0)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _date(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _count(number: int) -> str:
    """A number as people read it: 999, 1.2k, 34M."""
    size = float(number)
    for unit in ("", "k", "M", "G"):
        if abs(size) < 1000:
            return f"{size:.0f}{unit}" if not unit or abs(size) >= 100 else f"{size:.1f}{unit}"
        size /= 1000
    return f"{size:.1f}T"


_templates.filters.update(iso=_iso, date=_date, count=_count, size=size_text)
_templates.globals.update(
    version=__version__,
    asset=static_files.address,
    user=None,
    here="/",
    form_key="",
    unread=0,
    may_join=False,
)
