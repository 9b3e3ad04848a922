"""``paddock release supersede``."""

from __future__ import annotations

from paddock.cli.release.announcement import event_command

command = event_command("supersede", "Announce that another version takes a release's place.")
