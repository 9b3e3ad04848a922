"""``paddock keys``: your signing keys, the keys you trust, and update metadata; a file a verb."""

from __future__ import annotations

import click

from paddock.cli.lazy import LazyGroup

_VERBS = {
    "create": "Make a signing key.",
    "list": "Your keys.",
    "show": "The public half of a key, and its fingerprint.",
    "import": "Take a private key from a PEM file.",
    "export": "Write a key, or its public half, into a PEM file.",
    "rotate": "Make a new key in an old one's place; the old one signs that it follows.",
    "revoke": "Say that a key or a release must not be trusted any more.",
    "trust": "The keys and roots that you trust.",
    "tuf": "Update metadata: what is current, kept between releases.",
}
_MODULES = {"list": "listing", "import": "import_"}  # Python has these words


@click.command(
    cls=LazyGroup,
    package=__name__,
    verbs=_VERBS,
    modules=_MODULES,
    help="Signing keys, the keys you trust, and update metadata.",
)
def command() -> None:
    pass
