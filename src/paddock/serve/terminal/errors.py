"""What can be wrong with a conversation of one's own."""

from __future__ import annotations

from paddock.errors import BadInput, UsageError


class BadChatFile(BadInput):
    """A file is no conversation that was saved, or would be overwritten by one."""

    code = "bad_chat_file"


class BadChatCommand(UsageError):
    """A line that begins with a slash is no command, or has the wrong words behind it."""

    code = "bad_chat_command"


class TooManyTokens(BadInput):
    """The context cannot hold so many new tokens."""

    code = "too_many_tokens"
