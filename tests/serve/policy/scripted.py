"""A policy before a model that says what it is told to, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from paddock.serve.models.residents import ResidentLimits, Residents
from paddock.serve.models.sources import PathSource
from paddock.serve.models.verifying import Rules
from paddock.serve.policy.loading import Bench, PolicedLoader
from tests.fakes.scripted_model import Script, ScriptedBackend, ScriptedLoader, scripted
from tests.serve.api.live_api import LiveApi, live_api

HEAD = "apiVersion: paddock/v1\nkind: Policy\nrefusal: We do not talk about that.\n"
REFUSAL = "We do not talk about that."


class Policed(NamedTuple):
    """The server, and the model behind its policy."""

    api: LiveApi
    model: ScriptedBackend


@contextmanager
def policed(
    policy: str, folder: Path, script: Script = lambda _asked: "Hello!"
) -> Iterator[Policed]:
    """Serve until the block ends; ``policy`` is what follows the head."""
    path = folder / "policy.yaml"
    path.write_text(HEAD + policy)
    served, backend = scripted(script)

    def loader() -> PolicedLoader:
        models = ScriptedLoader(backend, served)
        bench = Bench(models, lambda model: PathSource(Path(model), Rules(), created=0))
        bench.residents = Residents(models, ResidentLimits(1 << 30))
        return PolicedLoader(models, bench, str(path))

    with live_api(loader) as api:
        yield Policed(api, backend)
