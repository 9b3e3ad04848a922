"""The tabs of a released model in a real browser: quiet, within their width, and for everybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.chromium import open_page, sticking_out, violations
from tests.hub.releases.made import document, publish, release_files
from tests.live import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CARD = b"""---
license: apache-2.0
base_model: lab/base
tags: [tiny, toy]
---
# Tiny

<p align="center">words <a href="docs/a.md">a</a></p>

## Use

![there](https://e.example/a.png) ![here](plot.png)

| a | b |
|--:|---|
| 1 | 2 |

### Deep

```python
x = 1
```

## More
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def lab(shared_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> LiveServer:
    folder: Path = tmp_path_factory.mktemp("lab")
    key = ec.generate_private_key(ec.SECP256R1())
    more = {"README.md": CARD, "plot.png": PNG, "documents/openness.md": b"# Open\n\nwords",
            "audit/shop.samples.jsonl": b'{"a": 1}\n'}  # fmt: skip
    for version in ("1.0.0", "1.1.0"):
        files = release_files(document(version), key, more)
        token = shared_server.user("lab")
        publish(shared_server, token, "lab/tiny", files, folder / version, tag=version)
    return shared_server


TABS = ("", "/release", "/audit", "/lineage", "/release/read?path=documents/openness.md",
        "/audit/samples?path=audit/shop.samples.jsonl")  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1280)])
def test_every_tab_is_quiet_narrow_and_for_everybody(
    lab: LiveServer, chromium: Browser, scheme: str, width: int
) -> None:
    with open_page(chromium, lab, "/lab/tiny", scheme=scheme, width=width) as page:
        for tab in TABS:
            page.goto(f"/lab/tiny{tab}")
            assert sticking_out(page) == [], tab
            assert violations(page) == [], tab


def test_snippets_are_opened_by_keyboard_and_a_page_asks_for_little(
    lab: LiveServer, chromium: Browser
) -> None:
    with open_page(chromium, lab, "/login") as page:
        asked: list[str] = []
        page.on("response", lambda answer: asked.append(answer.url))
        page.goto("/lab/tiny")
        assert len(asked) <= 10
        summary = page.locator("details.use > summary")
        summary.focus()
        page.keyboard.press("Enter")
        tools = page.locator("details[name=tool] > summary")
        assert tools.count() >= 4
        tools.nth(1).focus()
        page.keyboard.press("Enter")
        assert page.locator("details[name=tool][open]").count() == 1
        assert violations(page) == []
        page.keyboard.press("Escape")
        assert summary.evaluate("it => it === document.activeElement")
