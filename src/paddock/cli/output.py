"""How every command prints: results on standard output, words about them on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

import click


def emit(result: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print a command's result: one JSON object for programs, or text for people."""
    click.echo(json.dumps(result, ensure_ascii=False, indent=2) if as_json else text)


def progress_note(sentence: str) -> None:
    """Tell a person what is going on, without touching the result."""
    click.echo(sentence, err=True)


def is_terminal() -> bool:
    """Whether progress may be shown: never in a pipe."""
    return sys.stderr.isatty()
