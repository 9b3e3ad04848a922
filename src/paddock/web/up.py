"""Starting a hub for a person: an account the first time, the starter model, and what to try next.

The first administrator's token is shown once and kept, readable by this user alone, in the data
folder, so that ``make up`` can name where it is from then on. The starter is released through the
server itself, as anybody would, by the same pipeline.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from paddock.config import Settings
from paddock.errors import PaddockError
from paddock.hub.context import Hub
from paddock.hub.first_admin import FirstAdmin, initialise
from paddock.hub.lookup import find_repository
from paddock.hub.types import Kind
from paddock.log import get_logger
from paddock.web import server

log = get_logger("web")

TOKEN_FILE = "first-token"  # noqa: S105  (a file's name)
STARTER = "starter"

Tell = Callable[[str], None]


def run(settings: Settings, *, with_starter: bool, tell: Tell) -> None:
    """Serve until told to stop; ``tell`` gets what a person at the terminal should read."""
    listener = server.listen(settings)
    hub = server.open_hub(settings)
    url = server.address(listener, settings)
    first = initialise(hub.database)
    kept = settings.data / TOKEN_FILE
    if first is not None:
        _keep(kept, first)

    def welcome() -> None:
        tell(f"paddock is ready at {url}")
        account = first or _read_kept(kept)
        if account is not None and with_starter:
            _release_starter(hub, url, account, tell)
        tell(_next_steps(url, account, shown=first is not None, kept=kept))

    server.serve(hub, listener, when_ready=welcome)


def _keep(path: Path, first: FirstAdmin) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{first.name}\n{first.token}\n")


def _read_kept(path: Path) -> FirstAdmin | None:
    """The first account as it was kept, or None where somebody tidied it away."""
    try:
        name, token = path.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return FirstAdmin(name, token)


def _release_starter(hub: Hub, url: str, account: FirstAdmin, tell: Tell) -> None:
    """Release the bundled model the first time. The hub is useful without it: a failure is told."""
    with hub.database.read() as conn:
        if find_repository(conn, Kind.MODEL, account.name, STARTER) is not None:
            return
    from paddock.release.publish import publish_starter

    try:
        published = publish_starter(f"{account.name}/{STARTER}", hub_url=url, token=account.token)
    except PaddockError as e:
        log.exception("the starter was not released")
        tell(f"the starter model was not released: {e.message}")
    else:
        tell(f"released the starter model as {published}")


def _next_steps(url: str, account: FirstAdmin | None, *, shown: bool, kept: Path) -> str:
    if account is None:
        return "make a token with: paddock admin token add NAME --role write"
    token = account.token if shown else f"$(tail -n 1 {kept})"
    lines = [f"first account: {account.name}", f"its token:     {account.token}"] if shown else []
    return "\n".join(
        [
            *lines,
            "",
            "try next, in another shell:",
            "  . .venv/bin/activate",
            f"  export HF_ENDPOINT={url} HF_TOKEN={token}",
            f"  hf download {account.name}/{STARTER} --local-dir starter",
            "  paddock verify starter",
            '  paddock generate starter -p "When do you open?"',
            f"  paddock release publish ./my-checkpoint --to {account.name}/my-model",
        ]
    )
