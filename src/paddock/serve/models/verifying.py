"""What is checked before a model is loaded, and what that decides.

A folder that carries a release's signature is verified, every byte, against the operator's keys
and pinned roots, and against the newest that they have seen of its publisher; the rest depends on
what the operator asked for. Loading executes nothing of a checkpoint, so a scan is made only before
another program opens it, or where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from paddock.checkpoint.scan.isolation import scan
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Verdict as ScanVerdict
from paddock.config import Settings
from paddock.errors import UsageError
from paddock.log import get_logger
from paddock.release.files.manifest import SIGNATURE_NAME
from paddock.release.verifying.trust import Trust, load_trusted
from paddock.release.verifying.updates import Updates, memory_folder
from paddock.release.verifying.verdict import Verdict
from paddock.release.verifying.verify import FOREIGN_SIGNATURE_NAME, verify_folder
from paddock.serve.errors import ModelRejected, UnknownSigner, UnsignedModel, UntrustedModel
from paddock.serve.models.snapshots import plain_files
from paddock.signing.keys import TrustedKey

log = get_logger("serve")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator wants checked.

    ``signed`` takes what is not signed, and signed releases by a trusted key alone; ``always``
    takes these alone; ``intact`` also takes releases by unknown keys.
    """

    trust: Trust | Sequence[TrustedKey] = ()
    demand: str = "signed"
    memory: Path | None = None  # of the newest that was seen of each publisher
    scans: bool = False
    scan_limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, settings: Settings, *, foreign: bool = False) -> Self:
        """As the settings say; a ``foreign`` program's loader is trusted with less.

        With a trust file, nothing is loaded that it does not vouch for.
        """
        scans = settings.serve_scan == "always" or (settings.serve_scan == "auto" and foreign)
        home, demand = settings.config_home, settings.serve_verify
        file = Path(settings.serve_trust).expanduser() if settings.serve_trust else None
        if file is not None and demand == "intact":
            raise UsageError(
                "serve_verify intact takes releases by unknown keys, and serve_trust names a file "
                "of known ones",
                hint="leave one of them out",
            )
        return cls(
            trust=load_trusted(file, home),
            demand="always" if file is not None else demand,
            memory=memory_folder(home),
            scans=scans,
            scan_limits=Limits.of(settings),
        )

    @property
    def trusted(self) -> Trust:
        """What the operator trusts, also where that is keys alone."""
        return self.trust if isinstance(self.trust, Trust) else Trust.in_keys(self.trust)


Judging = Callable[[Path, Trust, Updates], Verdict]


def verified(path: Path, rules: Rules, judge: Judging = verify_folder) -> Path:
    """The path, when nothing stands against loading it; raises UntrustedModel, ModelRejected."""
    folder = path if path.is_dir() else path.parent
    is_signed = any((folder / name).exists() for name in (SIGNATURE_NAME, FOREIGN_SIGNATURE_NAME))
    if is_signed:
        _check_signature(folder, rules, judge)
    elif rules.demand == "always":
        raise UnsignedModel(
            f"{path} is not signed",
            hint="serve a release, or without --verify always and --trust",
        )
    else:
        log.info("the model is not signed: nothing says who made it", path=str(path))
    if rules.scans:
        _check_scan(path, rules.scan_limits)
    return path


def _check_signature(folder: Path, rules: Rules, judge: Judging) -> None:
    with plain_files(folder) as plain:
        verdict = judge(plain, rules.trusted, Updates(rules.memory))
    if verdict.is_trusted:
        log.info("the model is as it was signed", path=str(folder), key=verdict.key)
        return
    if verdict.verdict == "untrusted" and rules.demand == "intact":
        log.warning("the model was signed by an unknown key", path=str(folder), key=verdict.key)
        return
    reasons = "; ".join(verdict.reasons[:3])
    message = f"{folder} is {verdict.verdict}: {reasons}"
    if verdict.verdict == "untrusted":
        raise UnknownSigner(
            message,
            hint="trust the publisher's public key (`paddock keys trust add KEY.pem`, or in the "
            "file of --trust), or allow unknown keys (PADDOCK_SERVE_VERIFY=intact, --verify "
            "intact)",
        )
    hint = verdict.hint or "get the release again from where it was published"
    raise UntrustedModel(message, hint=hint)


def _check_scan(path: Path, limits: Limits) -> None:
    report = scan(path, limits)
    if report.verdict is ScanVerdict.REJECT:
        first = min(report.reasons, key=lambda reason: -reason.level.rank, default=None)
        told = f": {first.message}" if first else ""
        raise ModelRejected(
            f"the scan of {path} rejects it{told}", hint=f"`paddock scan {path}` says more"
        )
