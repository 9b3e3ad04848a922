"""The ``paddock`` command: parse arguments, call one function, print. No logic lives here.

Each noun is a file that exports ``command``; it is imported only when it is used, so that
``paddock verify`` does not wait for torch. Errors become one sentence, a hint and an exit code here
and nowhere else.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from paddock import __version__, log
from paddock.cli.failures import explain
from paddock.cli.lazy import LazyGroup
from paddock.errors import PaddockError

_COMMANDS = {
    "up": "Run the hub.",
    "worker": "Do the hub's background work in a process of its own.",
    "admin": "Users, organisations, tokens and jobs of a hub on this machine.",
    "export": "Write repositories into one signed file.",
    "import": "Import the repositories of such a file.",
    "config": "Every setting, its value and where it came from.",
    "inspect": "What a checkpoint is: family, shapes, parameters, tokenizer, licence hints.",
    "scan": "Look for what could hurt whoever loads a file, folder, archive or repository.",
    "convert": "Write a checkpoint in another format.",
    "generate": "Continue a text with a model.",
    "chat": "Talk with a model in the terminal.",
    "serve": "Serve models behind OpenAI's API.",
    "release": "Plan, build and publish a release.",
    "verify": "Check a release: every byte, who signed it, whether it is current.",
    "keys": "Signing keys, the keys you trust, and update metadata.",
}


@click.command(
    cls=LazyGroup,
    package="paddock.cli",
    verbs=_COMMANDS,
    modules={"import": "import_"},  # the name alone is Python's
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def root() -> None:
    """Share your models the way an open-weight lab does, from your own machine."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; every way out of it is an exit code of the contract."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    log.configure("warning")  # a command that runs long sets the level that was asked for
    try:
        code = root.main(args=arguments, prog_name="paddock", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.NoArgsIsHelpError as e:
        e.show()
        sys.exit(e.exit_code)
    except BrokenPipeError:
        # The reader went away (``paddock … | head``); keep the interpreter from saying so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Exception, KeyboardInterrupt) as e:
        if os.environ.get("PADDOCK_LOG_LEVEL") == "debug":
            traceback.print_exc()
        _fail(explain(e), as_json="--json" in arguments)


def _fail(error: PaddockError, *, as_json: bool) -> None:
    if as_json:
        told = {"code": error.code, "message": error.message, "hint": error.hint}
        answer: dict[str, object] = {"error": told}
        if isinstance(decision := getattr(error, "decision", None), dict):
            answer["decision"] = decision  # of a gate: every condition, with its evidence
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    click.echo(f"error: {error.message}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    sys.exit(error.exit_code)
