"""What a browser calls itself, in words that its user knows.

Pure. What it says is anybody's to choose: it helps to recognise a session and proves nothing.
"""

from __future__ import annotations

from typing import Final

# The first that fits: most browsers claim to be those before them too.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_SHOWN_CHARS = 60


def describe(agent: str | None) -> str:
    """A browser and its system, as in "Firefox on Linux"."""
    if not agent:
        return "A browser that does not say its name"
    browser = next((name for mark, name in _BROWSERS if mark in agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    if browser is None:
        return agent[:_SHOWN_CHARS]
    return browser if system is None else f"{browser} on {system}"
