"""Real git in a folder of its own, without the machine's settings, pointed at a live hub."""

from __future__ import annotations

import itertools
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.live import LiveServer

VERSIONS = ("0", "1", "2")
_numbers = itertools.count()


@dataclass
class Outcome:
    """How a command of git ended, and what it said."""

    code: int
    said: str

    @property
    def is_ok(self) -> bool:
        return self.code == 0


@dataclass
class Workshop:
    """A user's folder, and one repository of theirs on the hub."""

    server: LiveServer
    folder: Path
    token: str
    user: str
    repo_id: str

    @property
    def url(self) -> str:
        """The repository's address with the token in it."""
        return self.address(self.token)

    def address(self, token: str | None = None, repo_id: str | None = None) -> str:
        scheme, _, rest = self.server.url.partition("://")
        who = f"anybody:{token}@" if token else ""
        return f"{scheme}://{who}{rest}/{repo_id or self.repo_id}"

    @property
    def hf(self):  # the stock client's class has no types
        return self.server.api(self.token)

    def try_git(
        self, *arguments: str, at: str = ".", stdin: Path | None = None, **environ: str
    ) -> Outcome:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder / at,
            env=self.environ | environ,
            input=stdin.read_bytes() if stdin else b"",
            capture_output=True,
            timeout=120,
        )
        return Outcome(done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"))

    def git(self, *arguments: str, at: str = ".", stdin: Path | None = None, **environ: str) -> str:
        outcome = self.try_git(*arguments, at=at, stdin=stdin, **environ)
        assert outcome.is_ok, (arguments, outcome.said)
        return outcome.said.strip()

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        who = {f"GIT_{role}_NAME": "Ann Example" for role in ("AUTHOR", "COMMITTER")}
        where = {f"GIT_{role}_EMAIL": "ann@example.org" for role in ("AUTHOR", "COMMITTER")}
        return {
            **kept,
            **who,
            **where,
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ADVICE": "0",
            "LC_ALL": "C",
        }

    def clone(self, name: str = "work", *options: str, version: str = "2") -> Path:
        """A clone in a folder of this name, with which nothing is wrong."""
        self.git("-c", f"protocol.version={version}", "clone", "-q", *options, self.url, name)
        self.check(name)
        return self.folder / name

    def check(self, name: str) -> None:
        """``git fsck --strict`` finds nothing to complain of."""
        self.git("fsck", "--strict", "--full", "--no-dangling", "--no-progress", at=name)

    def commit(self, name: str, files: dict[str, bytes | None], message: str = "change") -> str:
        """A commit by git with these contents; None removes a file."""
        for path, content in files.items():
            target = self.folder / name / path
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        self.git("add", "-A", at=name)
        self.git("commit", "-q", "--allow-empty", "-m", message, at=name)
        return self.head(name)

    def head(self, name: str, rev: str = "HEAD") -> str:
        return self.git("rev-parse", rev, at=name)

    def hub_head(self, ref: str = "main") -> str:
        """Where a ref is, by the hub's API."""
        oid: str = self.hf.repo_info(self.repo_id, revision=ref).sha
        return oid


def workshop(server: LiveServer, folder: Path, *, private: bool = False) -> Workshop:
    """A new user with a new repository, which has the hub's own first commit."""
    user = f"gituser{next(_numbers)}"
    token = server.user(user)
    repo_id = f"{user}/repo"
    server.api(token).create_repo(repo_id, private=private)
    return Workshop(server, folder, token, user, repo_id)
