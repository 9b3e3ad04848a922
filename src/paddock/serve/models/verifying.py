"""What is checked before a model is loaded, and what that decides.

A folder that carries a release's signature is verified, every byte; the rest depends on what the
operator asked for. Loading executes nothing of a checkpoint, so a scan is made only before another
program opens it, or where it is asked for.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from paddock.checkpoint.scan.isolation import scan
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Verdict as ScanVerdict
from paddock.config import Settings
from paddock.errors import Refused
from paddock.log import get_logger
from paddock.release.manifest import SIGNATURE_NAME
from paddock.release.verify import FOREIGN_SIGNATURE_NAME, verify_folder
from paddock.signing.keys import TrustedKey, load_trust

log = get_logger("serve")

DEMANDS: Final = ("signed", "always", "intact")
_OWN: Final = "verify-"  # begins the names of folders that are there while a release is verified


class UntrustedModel(Refused):
    """A model is not what was signed, or not signed by anyone who is trusted."""

    code = "untrusted_model"


class ModelRejected(Refused):
    """A scan found what could hurt whoever loads the model."""

    code = "model_rejected"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator wants checked.

    Of ``DEMANDS``, ``signed`` takes what is not signed, and signed releases by a trusted key alone;
    ``always`` takes these alone; ``intact`` also takes releases by unknown keys.
    """

    trust: Sequence[TrustedKey] = ()
    demand: str = "signed"
    scans: bool = False
    scan_limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, settings: Settings, *, foreign: bool = False) -> Self:
        """As the settings say; a ``foreign`` program's loader is trusted with less."""
        scans = settings.serve_scan == "always" or (settings.serve_scan == "auto" and foreign)
        trust = load_trust(None, settings.config_home.expanduser())
        return cls(tuple(trust), settings.serve_verify, scans, Limits.of(settings))


def verified(path: Path, rules: Rules) -> Path:
    """The path, when nothing stands against loading it; raises UntrustedModel, ModelRejected."""
    folder = path if path.is_dir() else path.parent
    is_signed = any((folder / name).exists() for name in (SIGNATURE_NAME, FOREIGN_SIGNATURE_NAME))
    if is_signed:
        _check_signature(folder, rules)
    elif rules.demand == "always":
        raise UntrustedModel(
            f"{path} is not signed", hint="serve a release, or without --verify always"
        )
    else:
        log.info("the model is not signed: nothing says who made it", path=str(path))
    if rules.scans:
        _check_scan(path, rules.scan_limits)
    return path


def _check_signature(folder: Path, rules: Rules) -> None:
    with _plain_files(folder) as plain:
        verdict = verify_folder(plain, rules.trust)
    if verdict.is_trusted:
        log.info("the model is as it was signed", path=str(folder), key=verdict.key)
        return
    if verdict.verdict == "untrusted" and rules.demand == "intact":
        log.warning("the model was signed by an unknown key", path=str(folder), key=verdict.key)
        return
    reasons = "; ".join(verdict.reasons[:3])
    hint = verdict.hint or "get the release again from where it was published"
    if verdict.verdict == "untrusted":
        hint = (
            "put the publisher's public key into the trust folder (docs/releases.md), "
            "or allow unknown keys (PADDOCK_SERVE_VERIFY=intact, or --verify intact)"
        )
    raise UntrustedModel(f"{folder} is {verdict.verdict}: {reasons}", hint=hint)


@contextmanager
def _plain_files(folder: Path) -> Iterator[Path]:
    """The folder, or where it is a snapshot in the client's cache, second names for its files.

    A snapshot holds links, which a verification never follows. The files behind them are named by
    digest and replaced, never written to, so that what is verified is what will be read.
    """
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    if not links or folder.parent.name != "snapshots":
        yield folder
        return
    repository = folder.parent.parent
    blobs = [(place / "blobs").resolve() for place in (repository, repository.parent)]
    _remove_abandoned(repository)
    with _own_folder(repository) as temporary:
        target = temporary / folder.name
        for path in sorted(folder.rglob("*")):
            place = target / path.relative_to(folder)
            if path.is_symlink():
                place.parent.mkdir(parents=True, exist_ok=True)
                _second_name(_blob(path, blobs), place)
            elif path.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            else:
                place.mkdir(parents=True, exist_ok=True)
        yield target


@contextmanager
def _own_folder(repository: Path) -> Iterator[Path]:
    """A folder of this process, locked while it is used."""
    with tempfile.TemporaryDirectory(prefix=_OWN, dir=repository) as name:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(descriptor)


def _remove_abandoned(repository: Path) -> None:
    """What a process left behind that was killed; nobody has it locked."""
    for path in repository.glob(f"{_OWN}*"):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if any(path.iterdir()):  # else it may be new, and not locked yet
                    shutil.rmtree(path)
            finally:
                os.close(descriptor)


def _blob(link: Path, blobs: Sequence[Path]) -> Path:
    """The file behind a link: in the repository's own store, or in that of the whole cache."""
    found = link.resolve()
    if not any(found.is_relative_to(place) for place in blobs):
        raise UntrustedModel(f"{link} leads out of the client's cache")
    return found


def _second_name(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, place)


def _check_scan(path: Path, limits: Limits) -> None:
    report = scan(path, limits)
    if report.verdict is ScanVerdict.REJECT:
        first = min(report.reasons, key=lambda reason: -reason.level.rank, default=None)
        told = f": {first.message}" if first else ""
        raise ModelRejected(
            f"the scan of {path} rejects it{told}", hint=f"`paddock scan {path}` says more"
        )
