"""Those get in whose tokens are in a file: a name, the token's SHA-256, limits of their own.

    # name   sha256 of the token                                               limits
    shop     9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  requests=60
    reports  60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752  tokens=100000

The file is read again when it changed. One that cannot be read lets nobody in: what an operator
takes out must be out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from paddock.errors import BadInput, Unavailable, shown
from paddock.log import get_logger
from paddock.serve.callers import Arrival, Caller, Limits
from paddock.serve.gates.bearer import bearer_of, digest_of, wrong_key

log = get_logger("serve")

MAX_FILE_BYTES: Final = 16 << 20
MAX_LIMIT: Final = 10**12
CHECK_SECONDS: Final = 1.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,95}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LIMITS: Final = {
    "requests": "requests_per_minute",
    "tokens": "tokens_per_minute",
    "concurrent": "concurrent",
}


class BadTokenFile(BadInput):
    """A file of tokens cannot be used."""

    code = "bad_token_file"


class TokenFile:
    """A ``Gate``; see the module. Every model is for all who are in the file."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.monotonic) -> None:
        """Raises BadTokenFile for one that cannot be read now."""
        self._path, self._now = path, now
        self._callers: dict[str, Caller] | None = read_tokens(path)
        self._state = _state(path)
        self._checked_at = now()

    async def caller(self, arrival: Arrival) -> Caller:
        token = bearer_of(arrival.headers)
        self._read_again()
        if self._callers is None:
            raise Unavailable("the file of API keys cannot be read now")
        caller = self._callers.get(digest_of(token))
        if caller is None:
            raise wrong_key()
        return caller

    async def may_use(self, caller: Caller, repository: str) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""

    def _read_again(self) -> None:
        """A few kilobytes at most once a second, and only where the file is another one."""
        if self._now() - self._checked_at < CHECK_SECONDS:
            return
        self._checked_at = self._now()
        state = _state(self._path)
        if state == self._state and self._callers is not None:
            return
        self._state = state
        try:
            self._callers = read_tokens(self._path)
        except BadTokenFile as e:
            self._callers = None
            log.error("the file of API keys cannot be used: nobody gets in", reason=e.message)


def read_tokens(path: Path) -> dict[str, Caller]:
    """The callers of a file by the digests of their tokens; raises BadTokenFile."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as e:
        raise BadTokenFile(f"{path} cannot be read: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise BadTokenFile(f"{path} is not UTF-8 text") from e
    if len(raw) > MAX_FILE_BYTES:
        raise BadTokenFile(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    callers: dict[str, Caller] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        digest, caller = _parse(words, f"{path}:{number}")
        if digest in callers:
            raise BadTokenFile(f"{path}:{number}: this token is there already")
        callers[digest] = caller
    return callers


def _parse(words: list[str], place: str) -> tuple[str, Caller]:
    if len(words) < 2 or not _NAME.fullmatch(words[0]):
        raise BadTokenFile(f"{place}: a line is a name, a SHA-256 and limits")
    name, digest, *rest = words
    if not _DIGEST.fullmatch(digest):
        raise BadTokenFile(
            f"{place}: {shown(digest)} is no SHA-256 in small hexadecimal digits",
            hint="printf %s TOKEN | sha256sum",
        )
    limits: dict[str, int] = {}
    for word in rest:
        what, _, value = word.partition("=")
        if what not in _LIMITS or not value.isdecimal() or not 0 < int(value[:13]) <= MAX_LIMIT:
            raise BadTokenFile(
                f"{place}: {shown(word)} is no limit", hint="requests=N, tokens=N or concurrent=N"
            )
        limits[_LIMITS[what]] = int(value[:13])
    return digest, Caller(name, Limits(**limits))


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
