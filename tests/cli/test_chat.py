"""``paddock chat`` as a person meets it, in a real terminal, and as a script does, in a pipe."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from paddock.starter import starter_folder

STARTER = str(starter_folder())
TEAPOT = "What is the teapot made of?"
SECONDS = 60.0


@dataclass
class Terminal:
    """A chat in a terminal, and all that it showed."""

    process: subprocess.Popen[bytes]
    controller: int
    shown: bytes = b""
    _read: int = 0

    def types(self, text: str) -> None:
        os.write(self.controller, text.encode())

    def waits_for(self, pattern: str) -> str:
        """What is shown up to the pattern, after what was waited for before."""
        end = time.monotonic() + SECONDS
        while not (found := re.search(pattern.encode(), self.shown[self._read :])):
            assert time.monotonic() < end, self.shown[self._read :]
            if select.select([self.controller], [], [], 1)[0]:
                self.shown += os.read(self.controller, 65536)
        told = self.shown[self._read : self._read + found.end()]
        self._read += found.end()
        return told.decode(errors="replace")

    def asks(self, line: str, ends: str = "\n> ") -> str:
        self.types(line + "\n")
        return self.waits_for(ends)

    def ends(self) -> int:
        return self.process.wait(SECONDS)


Open = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Open]:
    opened: list[Terminal] = []

    def open_(model: str = STARTER, *options: str) -> Terminal:
        controller, inside = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "paddock", "chat", model, "--temperature", "0", *options],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=tmp_path,
            start_new_session=True,
            preexec_fn=_controlled,
        )
        os.close(inside)
        opened.append(Terminal(process, controller))
        opened[-1].waits_for("> ")
        return opened[-1]

    yield open_
    for each in opened:
        each.process.kill()
        each.process.wait()
        os.close(each.controller)


def _controlled() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal, as in any terminal


def piped(text: str, *options: str, model: str = STARTER) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paddock", "chat", model, "--temperature", "0", *options]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=SECONDS)


@pytest.fixture
def endless(tmp_path: Path) -> str:
    """The starter model with ends that are no ends to it, and a context to fill."""
    folder = tmp_path / "endless"
    shutil.copytree(STARTER, folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        written = (folder / name).read_text()
        for end in ("eot_id", "end_of_text"):
            written = written.replace(f"<|{end}|>", f"<|no_{end}|>")
        (folder / name).write_text(written)
    (folder / "generation_config.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    config |= {"eos_token_id": 5, "max_position_embeddings": 100_000}
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_a_conversation_in_the_terminal(terminal: Open, tmp_path: Path) -> None:
    chat = terminal()
    assert "stoneware" in chat.asks(TEAPOT)
    assert "of 512 tokens of context are used" in chat.asks("/tokens")
    assert "are forgotten" in chat.asks("/undo")
    assert "there is nothing to forget" in chat.asks("/undo")
    chat.asks('"""\nWhat is the teapot\nmade of?\n"""', "\r\n… .*\r\n… .*\r\n… (.*\r\n)+> ")
    assert "\n" in chat.asks("/retry")
    assert "saved into" in chat.asks("/save kept.json")
    assert "forgotten" in chat.asks("/reset")
    assert "2 turns are read" in chat.asks("/load kept.json")
    assert "did you mean /retry?" in chat.asks("/retri")
    assert "is no number" in chat.asks("/set temperature warm")
    assert "must be from 0 to 100" in chat.asks("/set temperature -3")
    assert "tokens is 3" in chat.asks("/set tokens 3")
    assert "cut off after 3 tokens" in chat.asks("/retry")
    chat.types("/quit\n")
    assert chat.ends() == 0
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert [each["role"] for each in kept["messages"]] == ["user", "assistant"]
    assert kept["messages"][0]["content"] == "What is the teapot\nmade of?"


def test_ctrl_c_stops_the_answer_and_ctrl_d_the_program(terminal: Open, endless: str) -> None:
    chat = terminal(endless)
    chat.types("Tell me everything.\n")
    chat.waits_for("Tell me everything\\.\r\n.{20}")
    chat.types("\x03")
    chat.waits_for("\n> ")
    assert "cut off after 5 tokens" in chat.asks("/set tokens 5") + chat.asks("And then?")
    chat.types("half a quest\x03")
    chat.types("\n" * 3)  # Python looks for a signal when a key comes
    chat.waits_for("\n> ")
    while chat.process.poll() is None:  # a key that comes before the line is read for is lost
        chat.types("\x04")
        time.sleep(0.1)
    assert chat.ends() == 0


def test_nothing_that_a_terminal_obeys_comes_out(endless: str) -> None:
    """At such a temperature every token is as likely, control characters among them."""
    wild = ("--temperature", "100", "--seed", "4", "-n", "2000")
    done = piped("Hello\n", *wild, model=endless)
    assert done.returncode == 0
    assert any(0x2400 <= ord(sign) < 0x2420 for sign in done.stdout)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", done.stdout)


def test_a_pipe_gets_an_answer_a_line_and_nothing_else() -> None:
    done = piped(f"{TEAPOT}\n\nHow much does it cost?\n")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert "stoneware" in first
    assert second
    assert piped(f"{TEAPOT}\n").stdout == f"{first}\n"


def test_a_full_context_leaves_out_the_oldest_turns() -> None:
    done = piped(f"{TEAPOT}\n" * 16)
    assert done.returncode == 0
    assert "the context is full: the" in done.stderr
    assert len(done.stdout.splitlines()) == 16


def test_a_question_that_is_too_long_is_refused() -> None:
    done = piped("many words " * 1000 + "\n")
    assert done.returncode == 1
    assert "error: the prompt has" in done.stderr


def test_a_model_without_a_template_says_what_it_can_do(shared_data: Path) -> None:
    done = piped("Hello\n", model=str(shared_data / "models" / "stories260K"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "the model has no chat template" in done.stderr
    assert "hint: `paddock generate` continues a plain text with it" in done.stderr


def test_a_use_policy_holds_here_too(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        "apiVersion: paddock/v1\nkind: Policy\nrefusal: Not here.\n"
        "rules:\n  - {id: a, category: S1, phrases: [teapot]}\n"
    )
    options = ("--policy", str(tmp_path / "policy.yaml"))
    done = piped(f"{TEAPOT}\nHello\n", *options)
    assert done.returncode == 0
    assert done.stdout.startswith("Not here.\n")
    assert len(done.stdout.splitlines()) == 2
    assert "the use policy refused this" in done.stderr


def test_an_answer_is_looked_at_before_any_of_a_phrase_is_shown(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(STARTER, folder)  # the policy that lies beside a model is its own
    (folder / "policy.yaml").write_text(
        "apiVersion: paddock/v1\nkind: Policy\nrefusal: Not here.\n"
        "rules:\n  - {id: a, category: S1, phrases: [four cups], stages: [after]}\n"
    )
    done = piped(f"{TEAPOT}\n", model=str(folder))
    assert done.stdout.endswith("Not here.\n") and "four" not in done.stdout
    assert "four cups" in piped(f"{TEAPOT}\n", "--policy", "none", model=str(folder)).stdout


def test_only_a_conversation_is_read_or_replaced(tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear Nora")
    done = piped(f"{TEAPOT}\n/save {other}\n")
    assert done.returncode == 1
    assert "is no conversation that was saved here" in done.stderr
    assert other.read_text() == "Dear Nora"


def test_ctrl_c_while_loading_ends_the_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paddock", "chat", STARTER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) != 0
    process.communicate()
