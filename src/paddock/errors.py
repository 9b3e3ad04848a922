"""One family for everything that can go wrong.

    PaddockError
      ├── BadInput          400  what was given cannot be used
      │     ├── UsageError       the command line itself is wrong (exit 2)
      │     └── TooLarge     413  over a stated limit
      ├── Unauthorized      401  who are you?
      ├── Forbidden         403  we know who you are: no
      ├── NotFound          404
      ├── Conflict          409  it exists already, or somebody was faster
      ├── Unavailable       503  try again later
      └── Refused           403  a gate or a check said no (the exit code tells which)

A message is one sentence with the offending value; the hint is the next step. Rooms derive leaf
errors whose name says what went wrong and whose ``code`` is stable: ``docs/errors.md`` lists every
one, and a test keeps the list complete. Library code raises; only ``cli`` and ``web`` translate.
"""

from __future__ import annotations

from typing import ClassVar

_SHOWN_CHARS = 120
_SHOWN_BITS = 128


class PaddockError(Exception):
    """Something went wrong, in a sentence that a person can act on."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500  # HTTP
    exit_code: ClassVar[int] = 1  # command line

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(PaddockError):
    """What was given cannot be used as it is."""

    code = "bad_input"
    status = 400


class UsageError(BadInput):
    """The command line is wrong."""

    code = "usage"
    exit_code = 2


class TooLarge(BadInput):
    """Over a stated limit."""

    code = "too_large"
    status = 413


class Unauthorized(PaddockError):
    """Credentials are missing or wrong."""

    code = "unauthorized"
    status = 401


class Forbidden(PaddockError):
    """Known caller, not allowed."""

    code = "forbidden"
    status = 403


class NotFound(PaddockError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"
    status = 404


class Conflict(PaddockError):
    """It exists already, or another writer was faster."""

    code = "conflict"
    status = 409


class Unavailable(PaddockError):
    """Not now; the same request may work later."""

    code = "unavailable"
    status = 503


class Refused(PaddockError):
    """A check said no; the subclass's exit code tells which."""

    code = "refused"
    status = 403


def shown(value: object) -> str:
    """A stranger's value as it may stand in a message: printable ASCII, bounded.

    Text is quoted; of a container only the type is told.
    """
    if type(value) is str:
        return ascii(value) if len(value) <= _SHOWN_CHARS else ascii(value[:_SHOWN_CHARS]) + "..."
    if type(value) is int and value.bit_length() > _SHOWN_BITS:
        return f"a number of {value.bit_length()} bits"
    if value is None or type(value) in (int, float, bool):
        return ascii(value)
    return f"a {type(value).__name__}"
