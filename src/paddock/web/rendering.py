"""Templates as answers: every page goes out from here, with the same policy in its head.

Knows the templates, not what they say. The policy allows no script and nothing from elsewhere, so
that text from an upload stays text.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse

from paddock import __version__

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action {forms}"
)
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    template: str, status_code: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """The template, filled. ``forms_to`` names where its forms may lead; without it, nowhere."""
    forms = values.pop("forms_to", "'none'")
    text = _templates.get_template(template).render(version=__version__, **values)
    own = {
        "Content-Security-Policy": _POLICY.format(forms=forms),
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(text, status_code, {**(headers or {}), **own})
