"""``paddock keys tuf``: update metadata, made, renewed, and put beside a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.keys.asking import config_home, json_option, new_password, stdin_option
from paddock.cli.keys.repository import (
    chain_json,
    chain_text,
    days_options,
    draft_option,
    keys_option,
    repo_argument,
    repository_at,
)
from paddock.cli.output import emit
from paddock.config import load_settings

if TYPE_CHECKING:
    from paddock.release.signatures.tuf.chain import Chain
    from paddock.release.signatures.tuf.drafts import Draft


@click.group(help="Update metadata (TUF): what is current, kept between releases.")
def command() -> None:
    pass


@command.command("create", help="Make update metadata that names nothing yet, and missing keys.")
@repo_argument
@keys_option
@click.option("--root-threshold", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--root-keys", type=click.IntRange(1, 100), help="How many; else one may be lost.")
@draft_option
@stdin_option
@click.option("--no-password", is_flag=True, help="Leave the keys unencrypted.")
@days_options
@json_option
def create_repository(
    repo: Path,
    keys: Path | None,
    root_threshold: int,
    root_keys: int | None,
    draft: Path | None,
    password_stdin: bool,
    no_password: bool,
    as_json: bool,
    **days: int,
) -> None:
    from paddock import clock
    from paddock.release.signatures.tuf.keys import create_role_keys
    from paddock.release.signatures.tuf.repository import create
    from paddock.release.signatures.tuf.rotation import first_draft

    repository = repository_at(repo, keys, days)
    password = new_password(from_stdin=password_stdin, without=no_password)
    spare = 1 if root_threshold > 1 else 0
    count = root_keys or (1 if draft is not None else root_threshold + spare)
    made = create_role_keys(repository.keys, count, password)
    if draft is not None:
        _keep(first_draft(repository, root_threshold, clock.now()), repository.keys, draft, as_json)
        return
    chain = create(repository, root_threshold, clock.now())
    text = "\n".join([*(f"made {path}" for path in made), chain_text(chain, repo)])
    emit(chain_json(chain, repo) | {"keys": [str(path) for path in made]}, text, as_json=as_json)


@command.command("refresh", help="Renew the timestamp, and what is past half of its time.")
@repo_argument
@keys_option
@days_options
@json_option
def refresh_repository(repo: Path, keys: Path | None, as_json: bool, **days: int) -> None:
    from paddock import clock
    from paddock.release.signatures.tuf.repository import refresh

    chain = refresh(repository_at(repo, keys, days), clock.now())
    emit(chain_json(chain, repo), chain_text(chain, repo), as_json=as_json)


@command.command("rotate", help="Give a role the keys of --new; without it, renew the root.")
@repo_argument
@click.argument("role", type=click.Choice(["root", "targets", "snapshot", "timestamp"]))
@click.option(
    "--new",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of the role's new keys (ROLE.pem, ROLE-1.pem …).",
)
@keys_option
@draft_option
@days_options
@json_option
def rotate_role(
    repo: Path,
    role: str,
    new: Path | None,
    keys: Path | None,
    draft: Path | None,
    as_json: bool,
    **days: int,
) -> None:
    from paddock import clock
    from paddock.release.signatures.tuf.keys import role_keys, role_signers
    from paddock.release.signatures.tuf.rotation import drafted, rotate
    from paddock.signing.errors import BadKey

    if draft is not None:
        repository = repository_at(repo, keys, days)
        publics = role_keys(new, role) if new is not None else []
        _keep(drafted(repository, role, publics, clock.now()), repository.keys, draft, as_json)
        return
    signers = role_signers(new, role) if new is not None else []
    if new is not None and not signers:
        raise BadKey(f"there is no {role} key in {new}", hint=f"its name is {role}.pem")
    chain = rotate(repository_at(repo, keys, days), role, signers, clock.now())
    emit(chain_json(chain, repo), chain_text(chain, repo), as_json=as_json)


@command.command("sign", help="Sign a root that somebody drafted, with your root keys.")
@click.argument("draft", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@keys_option
@json_option
def sign_drafted(draft: Path, keys: Path | None, as_json: bool) -> None:
    from paddock.release.signatures.tuf.drafts import require_fresh
    from paddock.release.signatures.tuf.keys import role_signers
    from paddock.signing.keys import keys_folder

    drafted, folder = _read(draft), keys or keys_folder(config_home()) / "tuf"
    require_fresh(drafted, role_signers(folder, "root"))
    _keep(drafted, folder, draft, as_json)


@command.command("finish", help="Put a root in its place that enough people have signed.")
@repo_argument
@click.argument("draft", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@keys_option
@days_options
@json_option
def finish_draft(repo: Path, draft: Path, keys: Path | None, as_json: bool, **days: int) -> None:
    from paddock import clock
    from paddock.release.signatures.tuf.rotation import finish

    chain = finish(repository_at(repo, keys, days), _read(draft), clock.now())
    emit(chain_json(chain, repo), chain_text(chain, repo), as_json=as_json)


def _read(path: Path) -> Draft:
    from paddock.release.signatures.tuf.drafts import MAX_DRAFT_BYTES, parse_draft
    from paddock.signing.keys import read_key_file

    return parse_draft(read_key_file(path, MAX_DRAFT_BYTES))


def _keep(draft: Draft, keys: Path, path: Path, as_json: bool) -> None:
    """Sign a draft with the root keys of a folder, write it, and say what it says."""
    from paddock.release.files.replacing import replace_file
    from paddock.release.signatures.tuf.drafts import describe_draft, render_draft, sign_draft
    from paddock.release.signatures.tuf.keys import role_signers

    added = sign_draft(draft, role_signers(keys, "root"))
    replace_file(path, render_draft(draft))
    told = {"draft": str(path), "version": draft.root.signed.version, "missing": draft.missing,
            "added": added}  # fmt: skip
    emit(told, "\n".join([*describe_draft(draft), f"the draft is {path}"]), as_json=as_json)


@command.command("attach", help="Put the current metadata into a release that is there already.")
@repo_argument
@click.argument("release", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def attach(repo: Path, release: Path, as_json: bool) -> None:
    from paddock.release.signatures.attaching import attach_updates

    chain = attach_updates(repository_at(repo, None), release)
    text = f"{release} carries the metadata of {repo} now\n{chain_text(chain, repo)}"
    emit(chain_json(chain, repo) | {"release": str(release)}, text, as_json=as_json)


@command.command("publish", help="Put the current metadata beside a published release.")
@repo_argument
@click.argument("target", metavar="NAMESPACE/NAME|FOLDER|oci://REGISTRY/NAME:TAG")
@click.option("--hub", metavar="URL", help="The hub of the repository.")
@click.option("--plain-http", is_flag=True, help="The registry has no TLS.")
@json_option
def publish(repo: Path, target: str, hub: str | None, plain_http: bool, as_json: bool) -> None:
    from paddock.release.signatures.tuf.repository import current

    chain = current(repository_at(repo, None))
    if target.startswith("oci://"):
        done = _to_registry(chain, target, plain_http=plain_http)
    elif (Path(target) / "release.json").is_file():
        done = _to_folder(repo, target)
    else:
        done = _to_hub(chain, target, hub)
    what = f"has it now, in {done['commit']}" if done["commit"] else "has it already"
    text = f"{chain_text(chain, repo)}\n{target} {what}"
    emit(chain_json(chain, repo) | {"target": target} | done, text, as_json=as_json)


def _to_hub(chain: Chain, target: str, hub: str | None) -> dict[str, Any]:
    from paddock.release.publishing.hub_client import Hub
    from paddock.release.publishing.updates import push_updates

    settings = load_settings({"hub_url": hub})
    return {"commit": push_updates(Hub(settings.hub_url, settings.token), target, chain)}


def _to_folder(repo: Path, target: str) -> dict[str, Any]:
    from paddock.release.signatures.attaching import attach_updates

    attach_updates(repository_at(repo, None), Path(target))
    return {"commit": target}


def _to_registry(chain: Chain, target: str, *, plain_http: bool) -> dict[str, Any]:
    from paddock.release.publishing.oci.reference import parse_reference
    from paddock.release.publishing.oci.renew import renew_pack

    done = renew_pack(
        parse_reference(target),
        chain,
        plain_http=plain_http,
        sessions=config_home() / "uploads.json",
    )
    return {"commit": done.digest if done.changed else None}


@command.command("show", help="What the metadata says, and until when.")
@repo_argument
@json_option
def show(repo: Path, as_json: bool) -> None:
    from paddock.release.signatures.tuf.repository import current

    chain = current(repository_at(repo, None))
    lines = [
        chain_text(chain, repo),
        *(f"names {name}" for name in sorted(chain.targets.signed.targets)),
    ]
    lines += [entry.sentence for entry in chain.revoked]
    emit(chain_json(chain, repo), "\n".join(lines), as_json=as_json)
