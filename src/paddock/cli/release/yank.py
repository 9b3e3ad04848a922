"""``paddock release yank``."""

from __future__ import annotations

from paddock.cli.release.announcement import event_command

command = event_command("yank", "Announce that a release should not be used.")
