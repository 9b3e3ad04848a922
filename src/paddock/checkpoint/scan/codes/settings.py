"""Codes of configurations and metadata: what makes a program act when it reads them."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _Q = Level.REJECT, Level.QUARANTINE

SETTINGS: dict[str, Code] = {
    "remote_code": Code(
        _R,
        "a configuration makes loaders fetch code from elsewhere and run it",
        "remove the entry, or share the code's result instead",
    ),
    "custom_code": Code(
        _Q,
        "a configuration makes loaders run code that lies beside it",
        "use an architecture that the libraries know, or have a person review the code",
    ),
    "instantiates": Code(
        _R,
        "a configuration names objects for a program to build, which can run anything",
        "write plain values",
    ),
    "metadata_program": Code(
        _Q,
        "metadata of weights holds an address, markup or the name of something to run",
        "remove it; metadata is for names and numbers",
    ),
    "remote_reference": Code(
        _Q, "a configuration names a web address where a file is expected", "name a file beside it"
    ),
    "absurd_value": Code(
        _R, "a number is so large that loading would exhaust the machine", "correct it"
    ),
    "expansion": Code(_R, "a short text stands for endless values", "write the values themselves"),
    "runs_in_git": Code(
        _R, "a setting of git names a program for git to run", "share the files without it"
    ),
    "unparsed": Code(
        _Q, "a document could not be parsed, so its meaning was not checked", "write it again"
    ),
}
