"""Starting a hub for a person: an account the first time, the starter model, and what to try next.

The first administrator's token is shown once and kept, readable by this user alone, in the data
folder, so that ``make up`` can name where it is from then on. The starter is released through the
server itself, as anybody would, by the same pipeline; and served, where models can be.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from paddock.config import Settings
from paddock.errors import PaddockError
from paddock.hub.context import Hub
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.people.first_admin import DEFAULT_NAME, FirstAdmin, initialise
from paddock.hub.types import Kind
from paddock.listening import address, listen
from paddock.log import get_logger
from paddock.web import server
from paddock.web.serving.mount import can_serve
from paddock.web.serving.offer import offer_of

log = get_logger("web")

TOKEN_FILE = "first-token"  # noqa: S105  (a file's name)
STARTER = "starter"

Tell = Callable[[str], None]


def run(settings: Settings, *, with_starter: bool, tell: Tell, progress: Tell) -> None:
    """Serve until told to stop; ``tell`` gets what to know, ``progress`` what is being done."""
    listener = listen(settings.host, settings.port)
    url = address(listener, settings.host)
    hub = replace(server.open_hub(settings), own_url=url)
    first = initialise(hub.database)
    kept = settings.data / TOKEN_FILE
    if first is not None:
        _keep(kept, first)
    account = first or _read_kept(kept)
    # Whoever tidied the token away has the starter all the same.
    starter = f"{account.name if account else DEFAULT_NAME}/{STARTER}" if with_starter else None

    def welcome() -> None:
        tell(f"paddock is ready at {url}")
        if account is None:
            tell("make a token with: paddock admin token add NAME --role write")
            return
        if with_starter:
            _release_starter(settings, hub, url, account, progress)
        if first is not None:
            tell(f"first account: {first.name}\nits token:     {first.token}")
        token = account.token if first is not None else f"$(tail -n 1 {kept})"
        steps = _Steps(url, account.name, token)
        if _find_starter(hub, account):
            is_served = can_serve() and offer_of(settings.serve_models, starter).has(steps.starter)
            steps = steps._replace(has_starter=True, is_served=is_served)
        tell(steps.told())

    server.serve(hub, settings, listener, when_ready=welcome, starter=starter)


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


def _find_starter(hub: Hub, account: FirstAdmin) -> bool:
    with hub.database.read() as conn:
        return find_repository(conn, RepositoryName(Kind.MODEL, account.name, STARTER)) is not None


def _release_starter(
    settings: Settings, hub: Hub, url: str, account: FirstAdmin, progress: Tell
) -> None:
    """Release the bundled model the first time. The hub is useful without it: a failure is told."""
    if _find_starter(hub, account):
        return
    from paddock.release.planning.prepare import Wanted
    from paddock.release.releasing import Surroundings, publish_release
    from paddock.starter import starter_folder

    around = Surroundings(settings.config_home, url, account.token, progress)
    try:
        outcome = publish_release(
            Wanted(starter_folder().parent / "release.yaml", to=f"{account.name}/{STARTER}"), around
        )
    except PaddockError as e:
        log.exception("the starter was not released")
        progress(f"the starter model was not released: {e.message}")
    else:
        progress(outcome[0]["sentence"])


class _Steps(NamedTuple):
    """What to try next."""

    url: str
    name: str
    token: str
    has_starter: bool = False
    is_served: bool = False

    @property
    def starter(self) -> str:
        return f"{self.name}/{STARTER}"

    def told(self) -> str:
        page = f"try the model: {self.url}/{self.starter}/playground (sign in with the token)"
        return "\n".join(
            [
                *([page] if self.is_served else []),
                "",
                "try next, in another shell:",
                "  . .venv/bin/activate",
                f"  export HF_ENDPOINT={self.url} HF_TOKEN={self.token}",
                *(self._with_starter() if self.has_starter else []),
                f"  paddock release publish ./my-checkpoint --to {self.name}/my-model",
            ]
        )

    def _with_starter(self) -> list[str]:
        steps = [
            f"  hf download {self.starter} --local-dir starter",
            "  paddock verify starter",
        ]
        if importlib.util.find_spec("tokenizers"):
            steps += ['  paddock generate starter -p "The teapot"', "  paddock chat starter"]
        return steps
