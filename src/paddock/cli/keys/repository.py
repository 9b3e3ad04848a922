"""What the verbs of ``paddock keys tuf`` have in common: the folders, and how they are told of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.keys.asking import config_home

if TYPE_CHECKING:
    from paddock.release.signatures.tuf.chain import Chain
    from paddock.release.signatures.tuf.writing import Repository

keys_option = click.option(
    "--keys",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the metadata's keys; else your own.",
)
repo_argument = click.argument("repo", type=click.Path(path_type=Path, file_okay=False))
draft_option = click.option(
    "--draft",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the new root here, for others to sign with `paddock keys tuf sign`.",
)
_DAYS = {"timestamp_days": 7, "snapshot_days": 30, "targets_days": 90, "root_days": 365}


def repository_at(repo: Path, keys: Path | None, days: dict[str, int] | None = None) -> Repository:
    """The repository and its keys."""
    from paddock.release.signatures.tuf.metadata import Lifetimes
    from paddock.release.signatures.tuf.writing import Repository
    from paddock.signing.keys import keys_folder

    given = {**_DAYS, **(days or {})}
    lifetimes = Lifetimes(**{name.removesuffix("_days"): value for name, value in given.items()})
    return Repository(repo, keys or keys_folder(config_home()) / "tuf", lifetimes)


def days_options(command: Any) -> Any:
    """How long metadata counts."""
    for name, days in _DAYS.items():
        option = click.option(
            f"--{name.replace('_', '-')}",
            type=click.IntRange(1, 3650),
            default=days,
            show_default=True,
        )
        command = option(command)
    return command


def chain_json(chain: Chain, repo: Path) -> dict[str, Any]:
    """The metadata for programs."""
    parts = {"root": chain.roots[-1], "timestamp": chain.timestamp, "snapshot": chain.snapshot,
             "targets": chain.targets}  # fmt: skip
    return {
        "repo": str(repo),
        "roles": {
            role: {"version": part.signed.version, "expires": part.signed.expires.isoformat()}
            for role, part in parts.items()
        },
        "targets": sorted(chain.targets.signed.targets),
        "revoked": [{"kind": entry.kind, "sha256": entry.sha256, "reason": entry.reason,
                     "date": entry.date} for entry in chain.revoked],
    }  # fmt: skip


def chain_text(chain: Chain, repo: Path) -> str:
    """The metadata in a line."""
    timestamp, root = chain.timestamp.signed, chain.roots[-1].signed
    return (
        f"{repo}: timestamp {timestamp.version} counts until {timestamp.expires:%Y-%m-%d %H:%M}, "
        f"root {root.version} until {root.expires:%Y-%m-%d}"
    )
