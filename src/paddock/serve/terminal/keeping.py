"""A conversation in a file: JSON for people, too. What is read back is checked like any input."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, Final

from paddock.errors import shown
from paddock.serve.terminal.conversation import Conversation
from paddock.serve.terminal.errors import BadChatFile

FORMAT: Final = "paddock-chat-1"
MAX_BYTES: Final = 16 << 20


def save(conversation: Conversation, model: str, path: Path) -> None:
    """Write it, in one piece; raises BadChatFile for a file that is something else, OSError."""
    if path.exists():
        load(path)  # only what is a conversation may be replaced by one
    kept = {"format": FORMAT, "model": model, "messages": conversation.messages()}
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        beside.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", "utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load(path: Path) -> Conversation:
    """The conversation in a file; raises BadChatFile, OSError."""
    if not path.is_file():
        raise BadChatFile(f"there is no file {shown(str(path))}")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadChatFile(f"{path} has more than {MAX_BYTES} bytes")
    try:
        kept = json.loads(content)
    except (ValueError, RecursionError):
        kept = None
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise BadChatFile(f"{path} is no conversation that was saved here")
    return _conversation(kept.get("messages"), path)


def _conversation(messages: Any, path: Path) -> Conversation:
    made = Conversation()
    for message in messages if isinstance(messages, list) else [None]:
        role = message.get("role") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        turn = "assistant" if made.is_open else "user"
        if not isinstance(content, str) or role not in ("system", turn):
            raise BadChatFile(f"{path} holds a message that is none, or out of turn: {shown(role)}")
        if role != "system":
            made.turns.append(content)
        elif made.turns or made.system is not None:
            raise BadChatFile(f"{path} holds a system message that is not the first")
        else:
            made.system = content
    if made.is_open:
        raise BadChatFile(f"{path} ends with a question")
    return made
