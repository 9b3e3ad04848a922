"""A small hub for one call of the stock client: two people, an organisation, a repository."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from huggingface_hub import CommitOperationAdd, HfApi
from safetensors.numpy import save

from tests.live import LiveServer

_numbers = itertools.count(1)


@dataclass
class World:
    """``alice`` owns ``repo`` and is an admin of ``org``; ``bob`` is somebody else."""

    server: LiveServer
    folder: Path

    def __post_init__(self) -> None:
        number = next(_numbers)
        self.alice, self.bob, self.org = f"alice{number}", f"bob{number}", f"lab{number}"
        self.alice_token = self.server.user(self.alice)
        self.bob_token = self.server.user(self.bob)
        self.server.org(self.org, self.alice)
        self.api, self.bobs = self.server.api(self.alice_token), self.server.api(self.bob_token)
        self.repo = f"{self.alice}/model"
        self.api.create_repo(self.repo)
        self.api.create_commit(
            self.repo,
            [
                CommitOperationAdd("README.md", b"---\nlicense: mit\n---\n# A model\n"),
                CommitOperationAdd("config.json", b'{"model_type": "llama"}'),
                CommitOperationAdd("notes/a.txt", b"first"),
                CommitOperationAdd("model.safetensors", weights()),
            ],
            commit_message="first files",
        )

    def repo_of(self, kind: str) -> str:
        """A dataset or a space of alice's."""
        name = f"{self.alice}/{kind}"
        self.api.create_repo(
            name, repo_type=kind, exist_ok=True, space_sdk="static" if kind == "space" else None
        )
        return name

    def post(self, path: str, *, token: str, **asked: Any) -> httpx.Response:
        """What a browser does where the client has no function."""
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(self.server.url + path, headers=headers, **asked)
        assert answer.status_code < 400, answer.text
        return answer

    def ask_for_access(self, repo: str | None = None) -> None:
        """Bob asks to be let in."""
        self.api.update_repo_settings(repo or self.repo, gated="manual")
        self.post(f"/{repo or self.repo}/ask-access", token=self.bob_token)

    def pull_request(self) -> int:
        """Bob's open pull request that adds a file."""
        done = self.bobs.create_commit(
            self.repo,
            [CommitOperationAdd("from-bob.txt", b"hello")],
            commit_message="A file from Bob",
            create_pr=True,
        )
        assert done.pr_num is not None
        return done.pr_num


Call = Callable[[World], object]


def weights() -> bytes:
    """A small safetensors file."""
    return save({"w": np.arange(6, dtype=np.float32).reshape(2, 3)})


def stranger(world: World) -> HfApi:
    """Somebody without a token."""
    return world.server.api()
