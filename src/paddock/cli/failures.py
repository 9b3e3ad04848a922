"""Every way in which a command fails, as one of our errors: a sentence, a hint, an exit code.

Knows click's exceptions and the operating system's. A failure that nobody foresaw is a sentence
too; its traceback is shown to whoever sets the log level to debug.
"""

from __future__ import annotations

import errno

import click

from paddock.errors import PaddockError, UsageError

_NEXT_STEPS = {
    errno.EEXIST: "a folder is needed there",
    errno.ENOTDIR: "a folder is needed there",
    errno.EISDIR: "a file is needed there",
    errno.ENOENT: "check the path",
    errno.EACCES: "check who may read and write it",
    errno.EPERM: "check who may read and write it",
    errno.EROFS: "name a place that can be written to",
    errno.ENOSPC: "free some space, or name another place",
}


class Interrupted(PaddockError):
    """The user pressed Ctrl-C."""

    code = "interrupted"


class SystemRefused(PaddockError):
    """The operating system would not: a path, a permission, a full disk."""

    code = "system_refused"


def explain(error: BaseException) -> PaddockError:
    """What to tell the user about an exception that ended a command."""
    if isinstance(error, PaddockError):
        return error
    if isinstance(error, click.exceptions.Abort | KeyboardInterrupt):
        return Interrupted("interrupted")
    if isinstance(error, click.ClickException):
        return _wrong_usage(error)
    if isinstance(error, OSError):
        return SystemRefused(_sentence_of(error), hint=_NEXT_STEPS.get(error.errno or 0))
    return PaddockError(
        f"paddock failed where it should not: {type(error).__name__}: {_one_line(str(error))}",
        hint="PADDOCK_LOG_LEVEL=debug shows where; please report it",
    )


def _wrong_usage(error: click.ClickException) -> UsageError:
    sentence, _, guess = _one_line(error.format_message()).partition(" Did you mean ")
    sentence = sentence[:1].lower() + sentence[1:].rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if guess:
        hint = f"did you mean {guess}"
    elif context is None or isinstance(context.command, click.Group):
        hint = f"`{context.command_path if context else 'paddock'} --help` lists the commands"
    else:
        usage = _one_line(context.get_usage()).removeprefix("Usage: ")
        hint = f"usage: {usage} (--help says more)"
    return UsageError(sentence, hint=hint)


def _sentence_of(error: OSError) -> str:
    reason = (error.strerror or _one_line(str(error)) or type(error).__name__).lower()
    return f"{error.filename}: {reason}" if error.filename else reason


def _one_line(text: str) -> str:
    return " ".join(text.split())
