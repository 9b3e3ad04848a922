"""``paddock release deprecate``."""

from __future__ import annotations

from paddock.cli.release.announcement import event_command

command = event_command("deprecate", "Announce that a release should not be used for anything new.")
