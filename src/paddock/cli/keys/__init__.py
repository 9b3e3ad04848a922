"""``paddock keys``: your signing keys, the keys you trust, and update metadata; a file a verb."""

from __future__ import annotations

import importlib

import click

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


class _Verbs(click.Group):
    """A group that imports a verb's file when the verb is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"paddock.cli.keys.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.command(cls=_Verbs, help="Signing keys, the keys you trust, and update metadata.")
def command() -> None:
    pass
