"""Every command in the README and in docs/ is run, in its page's order, in a folder of its own.

In a ```console block a line that begins with ``$ `` is a command; a line ``[exit N]`` after it says
that it ends with that code; other lines are what it prints, of which each must be found. ```python
blocks of the README run too. The address and token that stand in the pages are replaced by those of
a real server that is running with the starter model released, as after ``make up``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import REPOSITORY, SHARED_DATA
from tests.process import RunningHub, running_hub

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
WRITTEN_URL, WRITTEN_TOKEN = "http://127.0.0.1:8000", "hf_…"
SECONDS = 240


class Command(NamedTuple):
    """A command as a page shows it."""

    text: str
    exit_code: int
    printed: tuple[str, ...]


def commands_of(page: str) -> list[Command]:
    found: list[Command] = []
    for block in re.finditer(r"^```(console|python)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        if block[1] == "python":
            found.append(Command(f"python - <<'PYTHON'\n{block[2]}PYTHON", 0, ()))
            continue
        for shown in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
            first, *rest = shown.rstrip("\n").split("\n")
            while first.endswith("\\"):
                first += "\n" + rest.pop(0)
            codes = [int(line[6:-1]) for line in rest if line.startswith("[exit ")]
            lines = tuple(line for line in rest if line and not line.startswith("[exit "))
            found.append(Command(first, codes[0] if codes else 0, lines))
    return found


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub"), starter=True) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a checkout after ``make up``, with the shared material beside it."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / ".venv").symlink_to(sys.prefix)
    for name in ("examples", "src"):
        if (REPOSITORY / name).is_dir():
            (checkout / name).symlink_to(REPOSITORY / name)
    if SHARED_DATA.is_dir():
        (tmp_path / "shared").symlink_to(SHARED_DATA.parent)
    return checkout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_page_does_what_it_shows(
    page: Path, hub: RunningHub, folder: Path
) -> None:
    text = page.read_text(encoding="utf-8")
    commands = [c for c in commands_of(text) if not c.text.startswith("make ")]
    if not commands:
        return
    if "../shared/" in text and not SHARED_DATA.is_dir():
        pytest.skip(f"{page.name} uses the shared test material, which is not there")
    script = "\n".join(f'{c.text}\necho "@@$?"' for c in commands)
    script = script.replace(WRITTEN_URL, hub.url).replace(WRITTEN_TOKEN, hub.token)
    script = script.replace("paddock-data", str(hub.data))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    pieces = re.split(r"@@(\d+)\n", done.stdout)
    outputs, codes = pieces[0::2], [int(code) for code in pieces[1::2]]
    for command, output, code in zip(commands, outputs, codes, strict=False):
        assert code == command.exit_code, f"{command.text}\n{output}"
        for line in command.printed:
            assert line.removesuffix("…").strip() in output, f"{command.text}\n{output}"
    assert len(codes) == len(commands), done.stdout


def test_make_targets_that_the_pages_name_exist() -> None:
    for page in PAGES:
        for command in commands_of(page.read_text(encoding="utf-8")):
            if command.text.startswith("make "):
                words = command.text.partition("#")[0].split()
                dry = subprocess.run(
                    ["make", "-n", *words[1:]], cwd=REPOSITORY, capture_output=True
                )
                assert dry.returncode == 0, (page.name, command.text, dry.stderr)


def environment(folder: Path) -> dict[str, str]:
    """A new user's: nothing configured, no cache, the installed commands on the path."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "OMP_NUM_THREADS": os.environ["OMP_NUM_THREADS"],
        "LANG": "C.UTF-8",
    }
