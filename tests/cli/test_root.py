"""The command line's contract: exit codes, one sentence and a hint, JSON alone on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def paddock(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "paddock", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environ},
        timeout=60,
    )


COMMANDS = (
    "up", "worker", "admin", "config", "inspect", "scan", "convert", "generate", "release",
    "verify",
)  # fmt: skip


def test_help_lists_every_command() -> None:
    answer = paddock("--help")
    assert answer.returncode == 0
    for command in COMMANDS:
        assert f"  {command} " in answer.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    answer = paddock(command, "--help")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"Usage: paddock {command}")


@pytest.mark.parametrize(
    "wrong", [["nonsense"], ["up", "--nonsense"], ["up", "--port", "x"], ["inspect"]]
)
def test_wrong_usage_exits_with_2_and_says_what_is_right(wrong: list[str]) -> None:
    answer = paddock(*wrong)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: ")
    assert "hint: " in answer.stderr


def test_an_error_is_one_sentence_and_a_hint_on_standard_error() -> None:
    answer = paddock("config", PADDOCK_PROT="1")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.splitlines() == [
        "error: unknown setting 'PADDOCK_PROT' in the environment",
        "hint: did you mean PADDOCK_PORT?",
    ]


def test_an_error_under_json_is_one_object_on_standard_output() -> None:
    answer = paddock("config", "--json", PADDOCK_PROT="1")
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["error"]["code"] == "bad_setting"


def test_a_reader_that_leaves_early_is_no_error_to_shout_about() -> None:
    answer = subprocess.run(
        f"{sys.executable} -m paddock config | true",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in answer.stderr


def test_torch_is_not_loaded_to_start_the_hub_or_to_verify() -> None:
    code = (
        "import sys\n"
        "import paddock.web.up, paddock.cli.verify, paddock.cli.release\n"
        "import paddock.release.publishing.publish\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_command_that_logs_nothing_does_not_wait_for_what_logs() -> None:
    code = (
        "import sys\n"
        "from paddock.cli import root\n"
        "root.main(['config'], standalone_mode=False)\n"
        "sys.exit('structlog' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_command_that_is_not_there_is_wrong_usage() -> None:
    answer = paddock("publish", "x")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == [
        "error: no such command 'publish'",
        "hint: `paddock --help` lists the commands",
    ]
    assert "hint: did you mean 'inspect'?" in paddock("inspec", "x").stderr


@pytest.mark.parametrize(
    "wrong", [["scan"], ["inspect", "--json"], ["convert", "a", "b", "--to", "bin"]]
)
def test_wrong_usage_under_json_is_one_object_too(wrong: list[str]) -> None:
    answer = paddock(*wrong, "--json")
    assert answer.returncode == 2
    assert json.loads(answer.stdout)["error"]["code"] == "usage"


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/nothing"])
@pytest.mark.parametrize("command", [["up", "--port", "0"], ["admin", "init"]])
def test_a_folder_that_cannot_be_made_is_named(
    command: list[str], folder: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    answer = paddock(*command, "--data", str(tmp_path / folder))
    assert answer.returncode in {1, 2}
    assert answer.stderr.startswith("error: ")
    assert len(answer.stderr.splitlines()) == 2
    assert folder in answer.stderr


def test_a_failure_that_nobody_foresaw_is_a_sentence() -> None:
    code = (
        "import paddock.cli, paddock.cli.config as config\n"
        "def fail(**_): raise ValueError('one\\ntwo')\n"
        "config.command.callback = fail\n"
        "paddock.cli.main(['config', '--json'])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["error"]["message"].endswith("ValueError: one two")
    assert "Traceback" not in answer.stderr


def test_ctrl_c_ends_a_command_with_a_word() -> None:
    code = (
        "import paddock.cli, paddock.cli.config as config\n"
        "def interrupt(**_): raise KeyboardInterrupt\n"
        "config.command.callback = interrupt\n"
        "paddock.cli.main(['config'])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.strip() == "error: interrupted"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["inspect", "nowhere"], "hint: give a folder or a file on this machine"),
        (["inspect", "config.json"], "hint: give the folder around it"),
        (["release", "plan", "model.safetensors"], "hint: give a release.yaml or a folder"),
        (["release", "plan", ".", "--to", "alone"], "hint: such as --to admin/my-model"),
        (["verify", "nowhere"], "hint: give a folder, or a repository as namespace/name"),
        (["up", "--port", "0", "--host", "300.1.1.1"], "hint: name an address of this machine"),
    ],
)
def test_what_a_person_types_by_mistake_is_answered_with_the_next_step(
    arguments: list[str], hint: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(bytes(100))
    command = [sys.executable, "-m", "paddock", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert hint in answer.stderr
