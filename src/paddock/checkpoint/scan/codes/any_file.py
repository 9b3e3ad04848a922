"""Codes of any file, whatever its format: the scan itself, names, types and sizes."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _Q, _W = Level.REJECT, Level.QUARANTINE, Level.WARN

ANY_FILE: dict[str, Code] = {
    "unfinished": Code(
        _R,
        "a check ended before its time, so nothing is known",
        "scan again; report it if it stays",
    ),
    "malformed": Code(_R, "a file breaks its own format", "export it again with its usual tool"),
    # Folders and names
    "path_escape": Code(
        _R,
        "a name leads out of the folder or archive it is in",
        "remove it; a name is relative and has no ..",
    ),
    "link_out": Code(
        _R, "a symbolic link leads out of the folder, or nowhere", "put the file itself there"
    ),
    "special_file": Code(_R, "a device, pipe or socket stands among the files", "remove it"),
    "unreadable": Code(_R, "a file cannot be read, so it was not looked at", "allow reading it"),
    "too_many_files": Code(
        _R, "there are more files, or deeper folders, than are looked at", "share fewer at once"
    ),
    "compared_partly": Code(
        _Q,
        "there are more settings and weights than are held against each other",
        "share a model's files in a repository of their own",
    ),
    "name_collision": Code(
        _R,
        "two names are one file where case or Unicode's forms do not count",
        "rename one of them",
    ),
    "odd_name": Code(_Q, "a name holds invisible characters, or is too long", "rename it"),
    "unportable_name": Code(_W, "a name cannot exist on every system", "rename it"),
    # Types
    "unknown_format": Code(
        _Q,
        "the bytes are of no format that is known, so nothing could be checked",
        "remove it, or say what it is and share it in a common format",
    ),
    "disguised": Code(
        _R, "a file is of another type than its name promises", "give it the name of its type"
    ),
    "wrong_name": Code(
        _W, "a harmless file has the name of another type", "give it the name of its type"
    ),
    "not_looked_into": Code(
        _W,
        "the type is known and harmless; its content was not looked at",
        "nothing, or convert it",
    ),
    "lfs_pointer": Code(
        _Q, "only a pointer to the content is here", "fetch the content and scan that"
    ),
    # Sizes and places
    "hidden_bytes": Code(
        _R, "bytes are in the file that belong to none of its parts", "export it again"
    ),
    "overlap": Code(_R, "two parts of a file share bytes", "export it again"),
    "duplicate": Code(
        _R, "a name stands twice, so readers differ in what they see", "export it again"
    ),
    "impossible_size": Code(
        _R,
        "a size or place is announced that cannot be",
        "do not load it; it is damaged or made to break readers",
    ),
    "truncated": Code(_R, "a file ends before it should", "transfer or export it again"),
}
