"""What a page costs a browser: requests, packed bytes, when its largest part is painted, shifts.

    python -m benchmarks.pages_browser [--rounds N]

Debian's Chromium on this machine looks at a hub with the example of the tests, each time with an
empty cache. Bytes are those on the wire, with headers. A page's own pictures of its users are none
here, so all bytes are ours.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.figures import Figure, run
from paddock import log
from tests.chromium import lcp, open_page, running_chromium, shift
from tests.databases import sqlite_url
from tests.example.content import GATED, STARTER, TALES, Example, fill
from tests.live import live_server
from tests.web.page_list import Shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

PAGES = {
    "home": Shown("/", None),
    "list of models": Shown("/models", None),
    "search": Shown("/search?q=teapot", None),
    "model": Shown(f"/{STARTER}", None),
    "model with a long card": Shown(f"/{GATED}", None),
    "files": Shown(f"/{STARTER}/tree/main", None),
    "file": Shown(f"/{GATED}/blob/main/code/count.py"),
    "release": Shown(f"/{STARTER}/release", None),
    "audit": Shown(f"/{STARTER}/audit", None),
    "lineage": Shown(f"/{STARTER}/lineage", None),
    "discussion": Shown(f"/{GATED}/discussions/{{discussion}}", None),
    "pull request": Shown(f"/{GATED}/discussions/{{pull_request}}/files"),
    "report": Shown(f"/{STARTER}/reports/{{report}}", None),
    "playground": Shown(f"/{STARTER}/playground"),
    "access": Shown(f"/{GATED}/access"),
    "settings": Shown(f"/{GATED}/settings"),
    "table of a dataset": Shown(f"/datasets/{TALES}/viewer", None),
}


class _Look(NamedTuple):
    """What one look at a page cost."""

    requests: int
    kilobytes: float
    painted_ms: float
    shift: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="these pages alone")
    run("Pages in a browser", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    log.configure("error")
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("error: no chromium here; scripts/debian-packages.sh installs it")
    figures = []
    with (
        live_server(folder / "data", sqlite_url(folder), serve_models="*") as server,
        running_chromium(program) as browser,
    ):
        example = fill(server, folder / "made")
        for name, shown in PAGES.items():
            if options.only is None or name in options.only:
                looks = [_look(browser, example, shown) for _ in range(options.rounds)]
                figures += _figures(name, looks)
    return figures


def _look(browser: Browser, example: Example, shown: Shown) -> _Look:
    # An empty page first, from which on everything is counted.
    with open_page(browser, example.server, "about:blank", user=shown.user) as page:
        network = page.context.new_cdp_session(page)
        counted = _count(network)
        page.goto(shown.path(example), wait_until="networkidle")
        painted, moved = lcp(page), shift(page)
        return _Look(len(counted), sum(counted) / 1000, painted, moved)


def _count(network: CDPSession) -> list[float]:
    """The bytes of each answer, as they arrive from now on."""
    counted: list[float] = []
    network.on("Network.loadingFinished", lambda end: counted.append(end["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return counted


def _figures(name: str, looks: list[_Look]) -> list[Figure]:
    painted = [look.painted_ms for look in looks]
    return [
        Figure(f"{name}: requests", max(look.requests for look in looks), "", []),
        Figure(f"{name}: on the wire", round(max(k.kilobytes for k in looks), 1), "kB", []),
        Figure(f"{name}: largest paint, median", round(median(painted)), "ms", painted),
        Figure(f"{name}: layout shift", round(max(look.shift for look in looks), 3), "", []),
    ]


if __name__ == "__main__":
    main()
