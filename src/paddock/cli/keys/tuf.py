"""``paddock keys tuf``: update metadata, made, renewed, and put beside a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.keys.asking import config_home, json_option, new_password, stdin_option
from paddock.cli.output import emit
from paddock.config import load_settings

if TYPE_CHECKING:
    from paddock.release.signatures.tuf.chain import Chain
    from paddock.release.signatures.tuf.writing import Repository

keys_option = click.option(
    "--keys",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the metadata's keys; else your own.",
)
_repo = click.argument("repo", type=click.Path(path_type=Path, file_okay=False))
_DAYS = {"timestamp_days": 7, "snapshot_days": 30, "targets_days": 90, "root_days": 365}


def repository_at(repo: Path, keys: Path | None, days: dict[str, int] | None = None) -> Repository:
    """The repository and its keys."""
    from paddock.release.signatures.tuf.metadata import Lifetimes
    from paddock.release.signatures.tuf.writing import Repository
    from paddock.signing.keys import keys_folder

    given = {**_DAYS, **(days or {})}
    lifetimes = Lifetimes(**{name.removesuffix("_days"): value for name, value in given.items()})
    return Repository(repo, keys or keys_folder(config_home()) / "tuf", lifetimes)


def _days_options(command: Any) -> Any:
    for name, days in _DAYS.items():
        option = click.option(
            f"--{name.replace('_', '-')}",
            type=click.IntRange(1, 3650),
            default=days,
            show_default=True,
        )
        command = option(command)
    return command


@click.group(help="Update metadata (TUF): what is current, kept between releases.")
def command() -> None:
    pass


@command.command("create", help="Make update metadata that names nothing yet, and missing keys.")
@_repo
@keys_option
@click.option("--root-threshold", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--root-keys", type=click.IntRange(1, 100), help="How many; else one may be lost.")
@stdin_option
@click.option("--no-password", is_flag=True, help="Leave the keys unencrypted.")
@_days_options
@json_option
def create_repository(
    repo: Path,
    keys: Path | None,
    root_threshold: int,
    root_keys: int | None,
    password_stdin: bool,
    no_password: bool,
    as_json: bool,
    **days: int,
) -> None:
    from paddock import clock
    from paddock.release.signatures.tuf.keys import create_role_keys
    from paddock.release.signatures.tuf.repository import create

    repository = repository_at(repo, keys, days)
    password = new_password(from_stdin=password_stdin, without=no_password)
    count = root_keys or root_threshold + (1 if root_threshold > 1 else 0)
    made = create_role_keys(repository.keys, count, password)
    chain = create(repository, root_threshold, clock.now())
    text = "\n".join([*(f"made {path}" for path in made), _text(chain, repo)])
    emit(_told(chain, repo) | {"keys": [str(path) for path in made]}, text, as_json=as_json)


@command.command("refresh", help="Renew the timestamp, and what is past half of its time.")
@_repo
@keys_option
@_days_options
@json_option
def refresh_repository(repo: Path, keys: Path | None, as_json: bool, **days: int) -> None:
    from paddock import clock
    from paddock.release.signatures.tuf.repository import refresh

    chain = refresh(repository_at(repo, keys, days), clock.now())
    emit(_told(chain, repo), _text(chain, repo), as_json=as_json)


@command.command("rotate", help="Give a role the keys of --new; without it, renew the root.")
@_repo
@click.argument("role", type=click.Choice(["root", "targets", "snapshot", "timestamp"]))
@click.option(
    "--new",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of the role's new keys (ROLE.pem, ROLE-1.pem …).",
)
@keys_option
@_days_options
@json_option
def rotate_role(
    repo: Path, role: str, new: Path | None, keys: Path | None, as_json: bool, **days: int
) -> None:
    from paddock import clock
    from paddock.release.signatures.tuf.keys import role_signers
    from paddock.release.signatures.tuf.rotation import rotate
    from paddock.signing.errors import BadKey

    signers = role_signers(new, role) if new is not None else []
    if new is not None and not signers:
        raise BadKey(f"there is no {role} key in {new}", hint=f"its name is {role}.pem")
    chain = rotate(repository_at(repo, keys, days), role, signers, clock.now())
    emit(_told(chain, repo), _text(chain, repo), as_json=as_json)


@command.command("attach", help="Put the current metadata into a release that is there already.")
@_repo
@click.argument("release", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def attach(repo: Path, release: Path, as_json: bool) -> None:
    from paddock.release.signatures.attaching import attach_updates

    chain = attach_updates(repository_at(repo, None), release)
    text = f"{release} carries the metadata of {repo} now\n{_text(chain, repo)}"
    emit(_told(chain, repo) | {"release": str(release)}, text, as_json=as_json)


@command.command("publish", help="Put the current metadata onto a hub, beside its release.")
@_repo
@click.argument("target", metavar="NAMESPACE/NAME")
@click.option("--hub", metavar="URL", help="The hub of the repository.")
@json_option
def publish(repo: Path, target: str, hub: str | None, as_json: bool) -> None:
    from paddock.release.publishing.hub_client import Hub
    from paddock.release.publishing.updates import push_updates
    from paddock.release.signatures.tuf.repository import current

    settings = load_settings({"hub_url": hub})
    chain = current(repository_at(repo, None))
    commit = push_updates(Hub(settings.hub_url, settings.token), target, chain)
    what = "has it already" if commit is None else f"has it now, in {commit}"
    text = f"{_text(chain, repo)}\n{target} {what}"
    emit(_told(chain, repo) | {"target": target, "commit": commit}, text, as_json=as_json)


@command.command("show", help="What the metadata says, and until when.")
@_repo
@json_option
def show(repo: Path, as_json: bool) -> None:
    from paddock.release.signatures.tuf.repository import current

    chain = current(repository_at(repo, None))
    lines = [
        _text(chain, repo),
        *(f"names {name}" for name in sorted(chain.targets.signed.targets)),
    ]
    lines += [entry.sentence for entry in chain.revoked]
    emit(_told(chain, repo), "\n".join(lines), as_json=as_json)


def _told(chain: Chain, repo: Path) -> dict[str, Any]:
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


def _text(chain: Chain, repo: Path) -> str:
    timestamp, root = chain.timestamp.signed, chain.roots[-1].signed
    return (
        f"{repo}: timestamp {timestamp.version} counts until {timestamp.expires:%Y-%m-%d %H:%M}, "
        f"root {root.version} until {root.expires:%Y-%m-%d}"
    )
