"""What keys and tokens look like, as their issuers document them, and which are only examples.

Each shape begins with a literal that is searched for first, so that a large file costs one pass of
``bytes.find`` for each. Pure: bytes in, names out; a found secret itself is never passed on.
"""

from __future__ import annotations

import base64
import json
import re
from typing import NamedTuple

MAX_SECRET_BYTES = 4096  # what a shape may look at behind its literal
_EXAMPLES = (b"example", b"xxxx", b"your", b"redacted", b"placeholder", b"dummy", b"****", b"....")


class Shape(NamedTuple):
    """A kind of secret: the literal it begins with, and what must follow."""

    name: str
    literal: bytes
    pattern: re.Pattern[bytes]  # matched at the literal


def _shape(name: str, literal: str, rest: str) -> Shape:
    whole = re.escape(literal) + rest
    return Shape(name, literal.encode(), re.compile(whole.encode()))


_END = r"(?![A-Za-z0-9])"
# Tokens: a long run of letters, digits, - and _ with the literal at its beginning.
RUN_SHAPES = (
    _shape("a token of the Hub", "hf_", rf"[A-Za-z0-9]{{34,40}}{_END}"),
    _shape("a token of an organisation on the Hub", "api_org_", rf"[A-Za-z]{{34}}{_END}"),
    _shape("an AWS key", "AKIA", rf"[A-Z0-9]{{16}}{_END}"),
    _shape("an AWS session key", "ASIA", rf"[A-Z0-9]{{16}}{_END}"),
    *(_shape("a GitHub token", f"gh{kind}_", rf"[A-Za-z0-9]{{36,255}}{_END}") for kind in "pousr"),
    _shape("a GitHub token", "github_pat_", r"[A-Za-z0-9_]{60,255}"),
    _shape("a GitLab token", "glpat-", r"[A-Za-z0-9_-]{20,}"),
    _shape("an OpenAI key", "sk-proj-", r"[A-Za-z0-9_-]{40,}"),
    _shape("an OpenAI key", "sk-svcacct-", r"[A-Za-z0-9_-]{40,}"),
    _shape("an Anthropic key", "sk-ant-", r"[A-Za-z0-9_-]{32,}"),
    _shape("an OpenRouter key", "sk-or-", r"[A-Za-z0-9_-]{32,}"),
    _shape("an API key", "sk-", rf"[A-Za-z0-9]{{32,64}}{_END}"),
    *(_shape("a Slack token", f"xox{kind}-", r"[A-Za-z0-9-]{20,}") for kind in "abeoprs"),
    _shape("a Google key", "AIza", rf"[A-Za-z0-9_-]{{35}}{_END}"),
    _shape("a Google client secret", "GOCSPX-", r"[A-Za-z0-9_-]{28}"),
    _shape("a Google token", "ya29.", r"[A-Za-z0-9_-]{40,}"),
    _shape("a Stripe key", "sk_live_", r"[A-Za-z0-9]{20,}"),
    _shape("a Stripe key", "rk_live_", r"[A-Za-z0-9]{20,}"),
    _shape("an npm token", "npm_", rf"[A-Za-z0-9]{{36}}{_END}"),
    _shape("a PyPI token", "pypi-AgE", r"[A-Za-z0-9_-]{50,}"),
    _shape("a SendGrid key", "SG.", r"[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
    _shape("a DigitalOcean token", "dop_v1_", r"[0-9a-f]{64}"),
    _shape("a Replicate token", "r8_", rf"[A-Za-z0-9]{{37}}{_END}"),
    _shape("a Groq key", "gsk_", rf"[A-Za-z0-9]{{48,56}}{_END}"),
    _shape("an xAI key", "xai-", r"[A-Za-z0-9]{60,}"),
    _shape("a Databricks token", "dapi", rf"[0-9a-f]{{32}}{_END}"),
    _shape("a Telegram token", ":AA", r"[A-Za-z0-9_-]{33}" + _END),
    _shape("an age key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{50,}"),
    _shape("a signed token (JWT)", "eyJ", r"[\w-]{10,2000}\.eyJ[\w-]{5,3000}\.[\w-]{20,1000}"),
)
# Secrets with other characters in them.
SPACED_SHAPES = (
    _shape("a Slack webhook", "hooks.slack.com/services/", r"T\w{6,}/B\w{6,}/\w{16,}"),
    _shape("a Discord webhook", "discord.com/api/webhooks/", r"\d{10,}/[\w-]{40,}"),
    _shape("an Azure key", "AccountKey=", r"[A-Za-z0-9+/]{60,90}={0,2}"),
    _shape(
        "a private key",
        "-----BEGIN ",
        r"(?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|\s){1,9}"
        r"(?!YOUR|your)[\w+/:=-]{4}",
    ),
    _shape("a PuTTY key", "PuTTY-User-Key-File-", r"\d:"),
    _shape(
        "a password in an address",
        "://",
        r"[^\s/:@\"'<>{}$*\\]{1,80}:[^\s/@\"'<>{}$*\\]{3,120}@[\w-]+[.:\w]*",
    ),
)

# Names that say what the value beside them is, and how the value looks from there on.
_NAMED = {
    name: re.compile(rb"(?i)" + pattern)
    for name, pattern in (
        (b"secret", rb"secret(?:_?access_?key)?[\"'\s:=]{1,6}([\w/+~.-]{24,64})(?![\w/+=])"),
        (b"wandb_api_key", rb"wandb_api_key[\"'\s:=]{1,6}([0-9a-f]{40})(?![0-9a-f])"),
        (b"api.wandb.ai", rb"api\.wandb\.ai[\"'\s:=\w]{1,60}?[\"'\s:=]([0-9a-f]{40})(?![0-9a-f])"),
        (b"openai_api_key", rb"openai_api_key[\"'\s:=]{1,6}([A-Za-z0-9_-]{32,})"),
        (b"_authtoken", rb"_authtoken\s{0,3}=\s{0,3}([\w-]{20,})"),
        (b"machine ", rb"machine\s{1,9}\S{1,80}\s{1,9}login\s{1,9}\S{1,80}\s{1,9}password"
                      rb"\s{1,9}(\S{6,200})"),
    )
}  # fmt: skip
_PLACEHOLDER_PASSWORDS = re.compile(
    rb"(?i)(?:pass(?:word|wd)?|secret|token|pwd|user(?:name)?|key|port|\d{1,5}|\[?[a-z_]*(?:token|"
    rb"password|key|secret)[a-z_]*\]?|x+|\.+|%s|changeme|admin|root|test|postgres|guest)"
)
_WORD = re.compile(rb"[A-Za-z0-9_]")


def name_at(raw: bytes, at: int, shape: Shape) -> str | None:
    """What secret of this shape stands at a literal, if a real one does."""
    if _WORD.fullmatch(raw, at - 1, at) and shape.literal[:1].isalnum():
        return None  # in the middle of a longer word
    if shape.literal == b":AA" and not raw[max(at - 8, 0) : at].isdigit():
        return None  # the number of a bot stands before it
    found = shape.pattern.match(raw, at, at + MAX_SECRET_BYTES)
    if found is None or is_example(found[0][len(shape.literal) :], shape):
        return None
    return shape.name


def is_example(body: bytes, shape: Shape) -> bool:
    """Whether a value only shows where a secret would stand."""
    if shape.literal == b"-----BEGIN ":
        return False
    if shape.literal == b"eyJ":
        return not _is_jwt(body)
    if shape.literal == b"://":
        password = body.partition(b":")[2].rpartition(b"@")[0]
        return bool(_PLACEHOLDER_PASSWORDS.fullmatch(password)) or _is_filler(password)
    return _is_filler(body)


def assigned_secret(raw: bytes) -> int | None:
    """Where a name such as ``aws_secret_access_key`` stands beside a value, if anywhere."""
    lowered = raw.lower()
    for name, pattern in _NAMED.items():
        at = lowered.find(name)
        while at >= 0:
            found = pattern.match(raw, at)
            if found and _is_random(found[1], name):
                return at
            at = lowered.find(name, at + 1)
    return None


def _is_random(value: bytes, name: bytes) -> bool:
    """Whether a value is no placeholder; after a mere ``secret``, nor a name in a program."""
    if _is_filler(value) or _PLACEHOLDER_PASSWORDS.fullmatch(value):
        return False
    kinds = (re.search(rb"[a-z]", value), re.search(rb"[A-Z]", value), re.search(rb"[0-9]", value))
    return name != b"secret" or all(kinds)


def _is_filler(body: bytes) -> bool:
    lowered = body.lower()
    return len(set(lowered)) <= 3 or any(word in lowered for word in _EXAMPLES)


def _is_jwt(body: bytes) -> bool:
    head = b"eyJ" + body.partition(b".")[0]
    try:
        value = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and ("alg" in value or "typ" in value)
