"""What a file of the source is, from its name and first bytes, and whether it may leave.

Pure: a name and a head of bytes in, a decision out. Nothing is opened, unpacked or run. What could
run code on the reader's machine, or hide something that nobody looked into, is not released.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from paddock.front_matter import CARD_NAME

HEAD_BYTES = 512

_CONFIGS = frozenset({"config.json", "generation_config.json", "adapter_config.json"})
_WEIGHTS = re.compile(r"(?:.*/)?[^/]+\.safetensors(?:\.index\.json)?")
_TOKENIZER = re.compile(
    r"(?:.*/)?(?:tokenizer[^/]*\.(?:json|model)|special_tokens_map\.json|added_tokens\.json|"
    r"vocab\.json|merges\.txt)"
)
_TEMPLATE = re.compile(r"(?:.*/)?(?:chat_template[^/]*\.(?:jinja|json)|[^/]+\.jinja)")
_LICENSE = re.compile(
    r"(?:.*/)?(?:licen[cs]e|copying|use_policy|acceptable_use)[^/]*", re.IGNORECASE
)
_NOTICE = re.compile(r"(?:.*/)?(?:notice|attribution)[^/]*", re.IGNORECASE)

_PICKLE_NAMES = re.compile(
    r".*\.(?:pkl|pickle|pt|pth|ckpt|joblib|dill|pyt|bin\.pt|npy|npz|mar|nemo|t7)", re.IGNORECASE
)
_RUNNABLE_NAMES = re.compile(
    r".*\.(?:so(?:\.\d+)*|dll|exe|dylib|com|scr|msi|bat|cmd|ps1|sh|bash|zsh|jar|class|wasm|js|mjs|"
    r"vbs|lnk|desktop|app|apk|html?|svg|xhtml)",
    re.IGNORECASE,
)
_PYTHON_NAMES = re.compile(r".*\.(?:py|pyc|pyo|pyd|pyw|ipynb|pth)", re.IGNORECASE)
_UNSEEN_NAMES = re.compile(
    r".*\.(?:zip|tar|tgz|gz|bz2|xz|zst|7z|rar|lz4|whl|egg|h5|hdf5|keras|onnx|pb|tflite|llamafile|"
    r"gguf|ggml)",
    re.IGNORECASE,
)

_EXECUTABLE_HEADS = (
    b"\x7fELF", b"MZ", b"#!", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\x00asm",
)  # fmt: skip
_ARCHIVE_HEADS = (
    b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x04\x22\x4d\x18",
)  # fmt: skip
_PICKLE_HEAD = re.compile(rb"\x80[\x02-\x05]")
# Protocols 0 and 1 start with an opcode; a global, mark or container that is followed by more
# opcodes is no text that anyone writes.
_OLD_PICKLE_HEAD = re.compile(
    rb"(?:c[A-Za-z_][\w.]*\n[\w.]+\n[(\])}.]|\((?:[dlt]p?\d*\n|[diI]|c\w+\n))"
)


class Refusal(NamedTuple):
    """Why a file may not be released, and the kind that ``artifacts.forbid`` names."""

    kind: str  # pickle, executables, python, unseen
    sentence: str


def role_of(path: str) -> str:
    """What a file is for, by its name."""
    if path.rpartition("/")[2] in _CONFIGS:
        return "config"
    if path == CARD_NAME:
        return "card"
    for role, names in (
        ("weights", _WEIGHTS),
        ("chat_template", _TEMPLATE),
        ("tokenizer", _TOKENIZER),
        ("license", _LICENSE),
        ("notice", _NOTICE),
    ):
        if names.fullmatch(path):
            return role
    return "code" if _PYTHON_NAMES.fullmatch(path) else "other"


def refusal(path: str, head: bytes) -> Refusal | None:
    """Why the file must not be released, or None. ``head`` is its first ``HEAD_BYTES`` bytes."""
    if b"PRIVATE KEY-----" in head:
        return Refusal("secret", f"{path} holds a private key")
    if _PICKLE_HEAD.match(head) or _OLD_PICKLE_HEAD.match(head):
        return Refusal("pickle", f"{path} is a pickle, which runs code when it is loaded")
    if head[257:262] == b"ustar" or head.startswith(_ARCHIVE_HEADS):
        if _PICKLE_NAMES.fullmatch(path) or path.endswith(".bin"):
            return Refusal("pickle", f"{path} is a pickle in an archive")
        return Refusal("unseen", f"{path} is an archive, whose contents nobody has looked into")
    if head.startswith(_EXECUTABLE_HEADS):
        return Refusal("executables", f"{path} is an executable")
    if _PICKLE_NAMES.fullmatch(path):
        return Refusal("pickle", f"{path} has the name of a pickle")
    if _RUNNABLE_NAMES.fullmatch(path):
        return Refusal("executables", f"{path} is code that a reader's machine may run")
    if _PYTHON_NAMES.fullmatch(path):
        return Refusal("python", f"{path} is Python code")
    if _UNSEEN_NAMES.fullmatch(path):
        return Refusal("unseen", f"{path} is in a format that this version cannot inspect")
    if path.endswith(".json") and head.lstrip()[:1] not in {b"{", b"["}:
        return Refusal("unseen", f"{path} has the name of JSON and is something else")
    return None
