"""Every page there is, with addresses in the example that show it, and who looks.

A test compares the list with the application's routes, so that no page is forgotten by the
pictures (``scripts/screenshots.py``), by axe-core and by the attacks, which all walk it.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.example.content import GATED, STARTER, TALES, Example


class Shown(NamedTuple):
    """An address; ``{names}`` in it are the example's."""

    address: str
    user: str | None = "ada"

    def path(self, example: Example) -> str:
        return self.address.format(**example.named)


_REPOSITORY = "/{kind}{namespace}/{name}"

PAGES: dict[str, tuple[Shown, ...]] = {
    "/": (Shown("/", None), Shown("/")),
    "/login": (Shown("/login", None),),
    "/oauth/device": (Shown("/oauth/device"),),
    "/settings/password": (Shown("/settings/password"),),
    _REPOSITORY: (
        Shown(f"/{STARTER}", None),
        Shown(f"/{GATED}", "dana"),
        Shown(f"/{GATED}"),
        Shown(f"/datasets/{TALES}", None),
        Shown("/spaces/ben/shop-window", None),
        Shown("/nobody/nothing"),
    ),
    _REPOSITORY + "/ask-access": (Shown(f"/{GATED}/ask-access", "ben"),),
    _REPOSITORY + "/blob/{rev}/{path}": (
        Shown(f"/{GATED}/blob/main/code/count.py"),
        Shown(f"/{GATED}/blob/main/model.safetensors"),
        Shown(f"/{GATED}/blob/main/old/weights.pkl"),
        Shown(f"/{GATED}/blob/main/pictures/gradient.png"),
    ),
    _REPOSITORY + "/discussions": (Shown(f"/{GATED}/discussions"),),
    _REPOSITORY + "/discussions/{num}": (
        Shown(f"/{GATED}/discussions/{{discussion}}"),
        Shown(f"/{GATED}/discussions/{{pull_request}}"),
    ),
    _REPOSITORY + "/tree/{rev}": (Shown(f"/{GATED}/tree/main"), Shown(f"/{GATED}/tree/{{commit}}")),
}

# What a browser may get from the same modules, and is no page.
NO_PAGES = {
    "/healthz": "one word, for what watches the server",
    "/readyz": "the same",
    "/metrics": "figures for Prometheus",
    "/static/{digest}/{name}": "styles and scripts",
    "/oauth/authorize": "needs an application; the story of consent looks at it",
    _REPOSITORY + "/commit/{rev}": "sends on",
}


def every_page() -> list[Shown]:
    """Every address, each once."""
    return [shown for every in PAGES.values() for shown in every]
