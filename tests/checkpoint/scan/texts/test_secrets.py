"""Keys and tokens in every kind of file; all are made up, and put together here."""

from __future__ import annotations

import base64
import json
import random
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.gguf.values import Value, ValueType
from paddock.checkpoint.gguf.writing import render_header
from paddock.checkpoint.scan.texts.secrets import find_secrets
from tests.checkpoint.scan.scanned import Content, codes, scanned
from tests.checkpoint.scan.test_configs import weights

RANDOM = random.Random(7)


def letters(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(count))


HUB = "hf_" + letters(34)
PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + letters(64) + "\n"
SECRETS = {
    "Hub": HUB,
    "AWS": "AKIA" + letters(16, string.ascii_uppercase + "234567"),
    "AWS secret": "aws_secret_access_key = " + letters(20) + "aB3/" + letters(16),
    "GitHub": "ghp" + "_" + letters(36),
    "GitHub, fine": "github" + "_pat_" + letters(22) + "_" + letters(59),
    "GitLab": "glpat" + "-" + letters(20),
    "OpenAI": "sk-" + "proj-" + letters(48),
    "OpenAI, old": "sk-" + letters(48),
    "Anthropic": "sk-" + "ant-api03-" + letters(93),
    "Slack": "xox" + "b-" + "123456789012-1234567890123-" + letters(24),
    "Google": "AIza" + letters(35),
    "Stripe": "sk_" + "live_" + letters(24),
    "npm": "npm" + "_" + letters(36),
    "PyPI": "pypi-" + "AgEIcHlwaS5vcmc" + letters(80),
    "SendGrid": "SG." + letters(22) + "." + letters(43),
    "Telegram": "123456789:AA" + letters(33),
    "PEM": PEM,
    "PEM in JSON": json.dumps({"private_key": PEM}),
    "wandb": "WANDB_API_KEY=" + letters(40, "0123456789abcdef"),
    "netrc": "machine api.wandb.ai\n  login user\n  password " + letters(40, "0123456789abcdef"),
    "address": "git clone https://ada:" + letters(16) + "@git.acme.example/x.git",
    "JWT": base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    + "." + base64.urlsafe_b64encode(b'{"sub":"ada"}').decode().rstrip("=") + "." + letters(43),
}  # fmt: skip
EXAMPLES = [
    "hf_" + "x" * 34,
    "HF_TOKEN=hf_...",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "sk-" + "x" * 48,
    "-----BEGIN RSA PRIVATE KEY-----\n...\n",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n",
    "postgresql://user:password@localhost:5432/db",
    "https://${USER}:${TOKEN}@hub.example/x",
    "https://user:<token>@hub.example/x",
    "eyJhbGciOiJIUzI1NiJ9",
    "risk-" + "a1b2c3d4" * 6,
    "sha256:" + "9f86d081884c7d659a2feaa0c55ad015" * 2,
    "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "secret = some_function_with_a_long_name_of_course",
    "http://localhost:8000/v1@latest",
    "The key to machine learning is login data and a password manager.",
]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_and_never_repeated(kind: str) -> None:
    report = scanned({"notes.txt": f"first line\n{SECRETS[kind]}\nlast line\n"})
    found = [reason for reason in report.reasons if reason.code == "secret"]
    assert found and report.verdict == "reject"
    assert all(
        part not in reason.message for reason in found for part in SECRETS[kind].split()[-1:]
    )


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_no_secret(text: str) -> None:
    assert codes({"notes.txt": f"use {text}\n"}) == set()


def test_a_secret_is_found_in_every_kind_of_file() -> None:
    cell = {"cell_type": "code", "source": [f"login('{HUB}')"], "outputs": [], "metadata": {}}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = {
        "general.architecture": Value(ValueType.STRING, "llama"),
        "acme.note": Value(ValueType.STRING, HUB),
    }
    contents: dict[str, Content] = {
        "a.json": json.dumps({"deep": [{"token": HUB}]}),
        "a.yaml": f"token: {HUB}\n",
        "README.md": f"# x\n\n    login --token {HUB}\n",
        "use.ipynb": json.dumps(notebook),
        "model.gguf": render_header(text, []).raw,
        "model.safetensors": weights({"note": HUB}),
        "events.out.tfevents.1": bytes(100) + HUB.encode() + bytes(100),
        "wide.txt": HUB.encode("utf-16"),
        "train.log": "a line of a log\n" * 70_000 + HUB,
        "train.csv": "a line of a log\n" * 65_535 + "a line" + HUB + "\n",
    }  # fmt: skip
    for name, content in contents.items():
        expected = 0 if name == "train.csv" else 1  # there it is only the end of a word
        assert ("secret" in codes({name: content})) == expected, name


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_around_it_hide_a_secret(before: bytes, after: bytes) -> None:
    raw = before + b" " + HUB.encode() + b" " + after
    assert "a token of the Hub" in {found.name for found in find_secrets(raw)}


def test_the_edge_of_a_window_hides_nothing() -> None:
    for shift in (1, 10, 36, 37, 38, 60):
        raw = b" " * ((1 << 20) - shift) + HUB.encode() + b" " * 100
        assert codes({"notes.txt": raw}) == {"secret"}


def test_a_file_of_credentials_waits_for_a_person_whatever_is_in_it() -> None:
    for name in (".env", ".netrc", "id_rsa", "server.pem"):
        assert "credentials_file" in codes({name: "LEVEL=info\n"})
    assert codes({".env.example": "HF_TOKEN=hf_xxx\n"}) == set()


def test_prose_and_code_hold_no_secrets(shared_data: Path) -> None:
    for path in [*(shared_data / "text").iterdir(), *Path(__file__).parent.parent.rglob("h*.py")]:
        assert list(find_secrets(path.read_bytes())) == [], path
