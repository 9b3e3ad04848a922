"""Lines that begin with a slash: what a person tells the chat, not the model."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

from paddock.errors import shown
from paddock.serve.terminal.answering import Chat
from paddock.serve.terminal.errors import BadChatCommand
from paddock.serve.terminal.keeping import load, save

HELP: Final = '''\
/system TEXT      begin with these instructions (without TEXT: show them)
/set NAME VALUE   temperature, top_p, seed or tokens
/retry            answer the last question again, with the next seed
/undo             forget the last question and its answer
/reset            forget the whole conversation
/tokens           how much of the context is used
/save FILE        write the conversation into a file
/load FILE        go on with a conversation that was saved
/quit             end (or Ctrl-D)
"""               begins and ends a text of several lines; Ctrl-C stops an answer'''


class Done(NamedTuple):
    """What a command did: a note for the person, and what is next."""

    note: str = ""
    answers: bool = False  # the open question is to be answered
    quits: bool = False


def is_command(line: str) -> bool:
    """Whether the line's first word is a command there is."""
    return line.split(maxsplit=1)[:1] != [] and line.split(maxsplit=1)[0] in COMMANDS


async def obey(chat: Chat, line: str) -> Done:
    """Do what the line says; raises BadChatCommand, BadChatFile, BadSampling, OSError."""
    name, _, rest = line.strip().partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {near[0]}?" if near else "/help lists the commands"
        raise BadChatCommand(f"there is no command {shown(name)}", hint=hint)
    return await command(chat, rest.strip())


async def _help(_chat: Chat, _rest: str) -> Done:
    return Done(HELP)


async def _quit(_chat: Chat, _rest: str) -> Done:
    return Done(quits=True)


async def _reset(chat: Chat, _rest: str) -> Done:
    chat.conversation.turns.clear()
    return Done("the conversation is forgotten")


async def _system(chat: Chat, rest: str) -> Done:
    if not rest:
        return Done(chat.conversation.system or "there are no instructions")
    chat.conversation.system = rest
    return Done("the instructions hold from the next answer on")


async def _set(chat: Chat, rest: str) -> Done:
    name, _, value = rest.replace("=", " ").partition(" ")
    if not value.strip():
        raise BadChatCommand("a name and a number are needed", hint="/set temperature 0.5")
    chat.manner = chat.manner.changed(name, value.strip())
    return Done(f"{name} is {value.strip()}")


async def _retry(chat: Chat, _rest: str) -> Done:
    if not chat.conversation.reopen():
        raise BadChatCommand("there is no question yet")
    return Done(answers=True)


async def _undo(chat: Chat, _rest: str) -> Done:
    if not chat.conversation.undo():
        raise BadChatCommand("there is nothing to forget")
    return Done("the last question and its answer are forgotten")


async def _save(chat: Chat, rest: str) -> Done:
    path = _file(rest, "/save FILE")
    save(chat.conversation, chat.served.name, path)
    return Done(f"saved into {path}")


async def _load(chat: Chat, rest: str) -> Done:
    chat.conversation = load(_file(rest, "/load FILE"))
    return Done(f"{len(chat.conversation.turns)} turns are read")


async def _tokens(chat: Chat, _rest: str) -> Done:
    used, last = await chat.tokens(), chat.last
    told = f"{used} of {chat.served.context} tokens of context are used"
    if last.new_tokens:
        told += (
            f"; the last answer has {last.new_tokens}, and {last.cached_tokens} of the "
            f"{last.prompt_tokens} before it were in the cache"
        )
    return Done(told)


def _file(rest: str, usage: str) -> Path:
    if not rest or "\0" in rest:
        raise BadChatCommand("a file is needed", hint=usage)
    return Path(rest).expanduser()


COMMANDS: Final[dict[str, Callable[[Chat, str], Awaitable[Done]]]] = {
    "/help": _help,
    "/reset": _reset,
    "/system": _system,
    "/set": _set,
    "/retry": _retry,
    "/undo": _undo,
    "/save": _save,
    "/load": _load,
    "/tokens": _tokens,
    "/quit": _quit,
}
