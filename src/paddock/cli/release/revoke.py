"""``paddock release revoke``."""

from __future__ import annotations

from paddock.cli.release.announcement import event_command

command = event_command("revoke", "Announce that a release must not be used by anybody.")
