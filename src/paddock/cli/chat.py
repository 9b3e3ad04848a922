"""``paddock chat``: talk with a model in the terminal, or through a pipe, a line each."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from paddock.cli.model_folder import checked_folder, needs_serve_extra
from paddock.cli.numbers import context_option, sampling_options
from paddock.config import Settings, load_settings
from paddock.errors import PaddockError

if TYPE_CHECKING:
    from paddock.serve.terminal.answering import Chat

_QUOTES: Final = '"""'


@click.command("chat")
@click.argument("model")
@click.option("--system", metavar="TEXT", help="Instructions to begin with.")
@click.option("-n", "--tokens", type=click.IntRange(1, 1 << 20), help="Tokens of an answer.")
@sampling_options(temperature=0.7)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of the draws (a new one).")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16", "int8", "int4"]),
    default="auto",
    help="How weights are kept (auto: as stored).",
)
@context_option
@click.option("--policy", default="", metavar="FILE|none", help="In place of the model's own.")
@click.option("--draft", metavar="MODEL", help="A small model that proposes tokens.")
def command(model: str, **wanted: Any) -> None:
    """Talk with MODEL, a path or namespace/name[@revision].

    In the terminal, /help lists what can be told to the chat itself. In a pipe every line is a
    question, and every answer ends with a line break.
    """
    needs_serve_extra("chat")
    settings = load_settings()
    folder = checked_folder(model, settings)
    draft = checked_folder(wanted["draft"], settings) if wanted["draft"] else None
    with (
        asyncio.Runner() as runner,
        _opened(runner, folder, model, draft, wanted, settings) as chat,
    ):
        if sys.stdin.isatty() and sys.stdout.isatty():
            _in_terminal(runner, chat)
        else:
            _in_pipe(runner, chat)


@contextmanager
def _opened(
    runner: asyncio.Runner,
    folder: Path,
    name: str,
    draft: Path | None,
    wanted: dict[str, Any],
    settings: Settings,
) -> Iterator[Chat]:
    from paddock.engine.precision import parse_precision
    from paddock.serve.terminal.answering import Chat
    from paddock.serve.terminal.conversation import Conversation, Manner
    from paddock.serve.terminal.opening import Alone, opened, with_template

    alone = Alone(
        parse_precision(wanted["precision"]),
        policy=wanted["policy"],
        context=wanted["context"],
        draft=draft,
    )
    seed = wanted["seed"]
    manner = Manner(
        wanted["temperature"],
        wanted["top_p"],
        secrets.randbits(62) if seed is None else seed,
        wanted["tokens"],
    )
    stack = AsyncExitStack()
    try:
        served = runner.run(stack.enter_async_context(opened(folder, name, alone, settings)))
        yield Chat(with_template(served), Conversation(wanted["system"]), manner)
    finally:
        runner.run(stack.aclose())


def _in_terminal(runner: asyncio.Runner, chat: Chat) -> None:
    with suppress(ImportError):
        import readline  # noqa: F401  (editing and recalling lines, where it is)
    _note("/help lists the commands, Ctrl-D ends")
    while True:
        try:
            line = _question()
            if line.strip() and not _say(runner, chat, line, unknown_is_error=True):
                return
        except EOFError:
            click.echo()
            return
        except KeyboardInterrupt:
            click.echo()
        except (PaddockError, OSError) as e:
            _tell_failure(e)


def _in_pipe(runner: asyncio.Runner, chat: Chat) -> None:
    lines = iter(sys.stdin)
    for line in lines:
        if line.strip().startswith(_QUOTES):
            line = _several_lines(line.strip(), lambda: next(lines, _QUOTES))
        if line.strip() and not _say(runner, chat, line.strip("\n"), unknown_is_error=False):
            return


def _question() -> str:
    line = input("> ")
    if line.strip().startswith(_QUOTES):
        return _several_lines(line.strip(), lambda: input("… "))
    return line


def _several_lines(first: str, more: Any) -> str:
    """What stands between three quotes and the next three."""
    text = first.removeprefix(_QUOTES)
    lines = [text]
    while _QUOTES not in lines[-1]:
        lines.append(more().rstrip("\n"))
    lines[-1] = lines[-1].partition(_QUOTES)[0]
    return "\n".join(lines).strip("\n")


def _say(runner: asyncio.Runner, chat: Chat, line: str, *, unknown_is_error: bool) -> bool:
    """Obey a command or answer a question; False where that was the end."""
    from paddock.serve.terminal.commands import is_command, obey

    if is_command(line) or (unknown_is_error and line.startswith("/")):
        done = runner.run(obey(chat, line))
        if done.note:
            _note(done.note)
        if not done.answers:
            return not done.quits
    else:
        chat.conversation.say(line)
    try:
        runner.run(_answer(chat))
    finally:
        click.echo()
    _note_about(chat)
    return True


async def _answer(chat: Chat) -> None:
    from paddock.serve.terminal.cleaning import clean

    async with aclosing(chat.answer()) as pieces:
        async for piece in pieces:
            click.echo(clean(piece), nl=False)
            sys.stdout.flush()


def _note_about(chat: Chat) -> None:
    last = chat.last
    if last.left_out:
        _note(f"the context is full: the {last.left_out} oldest turns were left out")
    if last.is_refused:
        _note("the use policy refused this; the question is forgotten")
    elif last.finish == "length":
        _note(f"cut off after {last.new_tokens} tokens")


def _tell_failure(error: PaddockError | OSError) -> None:
    from paddock.cli.failures import explain

    told = explain(error)
    _note(f"error: {told.message}")
    if told.hint:
        _note(f"hint: {told.hint}")


def _note(text: str) -> None:
    """To a person, beside the conversation; nothing of it in a pipe's output."""
    from paddock.serve.terminal.cleaning import clean

    click.secho(clean(text), dim=True, err=True)
