"""A picture of every page, light and dark, on a phone, a tablet and a desk; and what is wrong.

    python -m scripts.screenshots FOLDER [PART...]

Starts a hub with the tests' example in it and opens each page of ``tests/web/page_list.py`` in
Chromium; with PARTs, those alone whose address has one of them in it. ``FOLDER/index.html`` shows
all pictures; ``FOLDER/defects.txt`` has what axe-core found, what sticks out sideways, and what a
page did that no page may. Exits with 1 if there is anything.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddock import log
from tests.chromium import open_page, running_chromium, shift, sticking_out, violations
from tests.databases import sqlite_url
from tests.example.content import Example, fill
from tests.live import live_server
from tests.web.page_list import Shown, every_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS = (360, 768, 1280)
SCHEMES = ("light", "dark")
_MOST_SHIFT = 0.01  # of the screen, times how far; below that nobody sees it
_HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Every page</title>'
    "<style>img{width:30%;vertical-align:top;border:1px solid #888}</style>"
)


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("error: no chromium here; scripts/debian-packages.sh installs it")
    log.configure("error")
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as name,
        live_server(Path(name, "data"), sqlite_url(Path(name))) as server,
        running_chromium(program) as browser,
    ):
        example = fill(server, Path(name, "made"))
        pages = [shown for shown in every_page() if _is_wanted(shown.path(example), sys.argv[2:])]
        defects = photograph(browser, example, out, pages)
    (out / "defects.txt").write_text("\n".join([*defects, ""]), encoding="utf-8")
    print(f"{out / 'index.html'}: {len(pages)} pages, {len(defects)} defects")
    raise SystemExit(1 if defects else 0)


def _is_wanted(path: str, parts: Sequence[str]) -> bool:
    return not parts or any(part in path for part in parts)


def photograph(browser: Browser, example: Example, out: Path, pages: Sequence[Shown]) -> list[str]:
    """Every picture into the folder, and its index; returns what is wrong."""
    defects, body = [], [_HEAD]
    for number, shown in enumerate(pages, 1):
        title = f"{shown.path(example)} ({shown.user or 'a stranger'})"
        stem = re.sub(r"[^a-z0-9]+", "-", f"{number:03} {title}".lower()).strip("-")
        print(title, file=sys.stderr)
        body.append(f"<h2>{html.escape(title)}</h2>")
        for scheme in SCHEMES:
            defects += [
                f"{title} {scheme}: {d}" for d in _one(browser, example, shown, scheme, out / stem)
            ]
            body += [f'<img loading="lazy" src="{stem}-{scheme}-{w}.png" alt="">' for w in WIDTHS]
    (out / "index.html").write_text("\n".join(body), encoding="utf-8")
    return defects


def _one(browser: Browser, example: Example, shown: Shown, scheme: str, stem: Path) -> list[str]:
    """One page in one scheme at every width."""
    found = []
    # What an address that leads nowhere is answered with is no error of the page.
    allow = ["status of 40"]
    try:
        with open_page(
            browser, example.server, shown.path(example), user=shown.user, scheme=scheme,
            width=WIDTHS[-1], allow=allow,
        ) as page:  # fmt: skip
            page.wait_for_load_state("networkidle")
            if (moved := shift(page)) > _MOST_SHIFT:
                found.append(f"moves by {moved:.3f} while it is loaded")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=f"{stem}-{scheme}-{width}.png", full_page=True)
                found += [f"at {width} sticks out: {one}" for one in sticking_out(page)[:3]]
            found += violations(page)
    except AssertionError as e:
        found += dict.fromkeys(line[:300] for line in str(e).splitlines())
    return found


if __name__ == "__main__":
    main()
