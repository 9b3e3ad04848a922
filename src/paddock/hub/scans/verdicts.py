"""What is known of a content, and what that means to whoever asks.

Pure. The same bytes may be worse under another name, so a verdict belongs to both; while a name has
none yet, the worst that the bytes got under any other name counts, and a clean one counts for
nothing. What could not be looked at is ``unscanned``, which is never told as safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from paddock.checkpoint.scan.codes import CODES
from paddock.checkpoint.scan.report import Reason, Verdict
from paddock.hub.scans.tables import NAME_CHARS

CLEAN, QUARANTINE, REJECT = str(Verdict.CLEAN), str(Verdict.QUARANTINE), str(Verdict.REJECT)
UNSCANNED = "unscanned"
UNFINISHED = "unfinished"  # a key of CODES

# The Hub's words for them, which clients know; a file that waits for its scan is QUEUED.
QUEUED = "queued"
STATUS = {
    CLEAN: "safe",
    QUARANTINE: "suspicious",
    REJECT: "unsafe",
    UNSCANNED: UNSCANNED,
    QUEUED: QUEUED,
}

_WORST_FIRST = (REJECT, QUARANTINE)


class Known(NamedTuple):
    """The verdict on a content under a name."""

    name: str
    verdict: str
    kind: str
    reasons: tuple[Reason, ...]
    note: str | None
    scanner: str
    attempts: int
    scanned_at: datetime

    @property
    def is_unfinished(self) -> bool:
        """Whether a check ended before its time, so that another attempt may tell more."""
        return any(reason.code == UNFINISHED for reason in self.reasons)


# By names: what is not scanned has no other type yet. Every large file counts as weights.
_WEIGHTS = (
    *(".safetensors", ".gguf", ".ggml", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"),
    *(".h5", ".hdf5", ".keras", ".onnx", ".npy", ".npz", ".msgpack", ".tflite", ".pb", ".nemo"),
    *(".joblib", ".dill", ".mar", ".zip", ".tar", ".gz", ".zst", ".xz", ".bz2", ".7z", ".rar"),
)


def is_weights_name(path: str) -> bool:
    """Whether a file with this name holds weights, or may."""
    return path.lower().endswith(_WEIGHTS)


def name_of(path: str) -> str:
    """The part of a path that a verdict depends on."""
    return path.rpartition("/")[2][:NAME_CHARS]


def decide(verdicts: Mapping[str, str], name: str) -> str | None:
    """The verdict that counts for a name, of those by name; None: it waits for its scan."""
    if (own := verdicts.get(name)) is not None:
        return own
    return next((worst for worst in _WORST_FIRST if worst in verdicts.values()), None)


def chosen(known: Mapping[str, Known], name: str) -> Known | None:
    """The same with everything that is known."""
    verdict = decide({other: one.verdict for other, one in known.items()}, name)
    if verdict is None or name in known:
        return known.get(name)
    return next(one for one in known.values() if one.verdict == verdict)


def public_summary(known: Known) -> str:
    """The worst reason as a stranger may hear it: what it means, and no value from the file."""
    return in_public(worst_first(known.reasons)[0]) if known.reasons else "nothing was found in it"


def in_public(reason: Reason) -> str:
    """A reason without any value from the file."""
    return f"{reason.code}: {CODES[reason.code].meaning}"


def worst_first(reasons: Iterable[Reason]) -> list[Reason]:
    """The reasons, those that decide before the others."""
    return sorted(reasons, key=lambda reason: reason.level.rank)


def path_of(reason: Reason) -> str:
    """The file that a reason's place names: ``file``, ``file!member`` or ``file@byte``."""
    file = reason.place.partition("!")[0]
    return file.rpartition("@")[0] or file


def to_reasons(rows: Iterable[Iterable[str]]) -> tuple[Reason, ...]:
    """Reasons as they are kept; a code that this paddock does not know any more is unfinished."""
    found = (Reason(*map(str, row)) for row in rows)
    return tuple(one if one.code in CODES else one._replace(code=UNFINISHED) for one in found)
