"""Codes of texts: source code, pages and cards, and what they tell about people and keys."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _Q, _W = Level.REJECT, Level.QUARANTINE, Level.WARN

TEXTS: dict[str, Code] = {
    "program": Code(
        _Q, "a file is source code or runs during an installation", "have a person review it"
    ),
    "obfuscated_program": Code(
        _R, "source code that hides what it runs", "do not run it; ask its maker for the source"
    ),
    "startup_file": Code(
        _R, "Python runs a line of this file whenever it starts", "remove the file"
    ),
    "foreign_packages": Code(
        _R,
        "a list of packages takes them from elsewhere than the public index",
        "name packages and versions only",
    ),
    "notebook_output": Code(
        _Q,
        "a notebook holds outputs or runs commands of the system",
        "clear the outputs before sharing it",
    ),
    "active_markup": Code(
        _R, "a picture, page or card holds a script", "remove the script; show plain text"
    ),
    "embedded_page": Code(
        _Q, "a picture, page or card loads something from elsewhere", "remove it, or link to it"
    ),
    # Secrets and people
    "secret": Code(
        _R,
        "a key, token or password is in the file",
        "revoke it at once, then remove it and its history",
    ),
    "credentials_file": Code(
        _Q, "a file has the name of those that hold passwords and keys", "remove it"
    ),
    "machine_path": Code(
        _W,
        "names of people or machines stand in paths",
        "nothing, or remove them before sharing",
    ),
    "addresses": Code(
        _Q, "a file lists people's e-mail addresses", "remove them; ask those concerned first"
    ),
    "training_rows": Code(
        _Q,
        "a log holds rows of the training data",
        "remove them, or say under which terms they are shared",
    ),
}
