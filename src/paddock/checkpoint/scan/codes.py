"""Every code that a scan can give, how bad it is, and what to do about it.

The one table; ``docs/scan-codes.md`` is made from it. A check names a code and never a level, so
that one cause has one consequence.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad a reason is."""

    REJECT = "reject"
    QUARANTINE = "quarantine"
    WARN = "warn"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class Code(NamedTuple):
    """A cause: its level, what it means, and the next step for whoever shares the file."""

    level: Level
    meaning: str
    advice: str


_R, _Q, _W = Level.REJECT, Level.QUARANTINE, Level.WARN

CODES: dict[str, Code] = {
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
    # Weights
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
    "bad_index": Code(
        _R,
        "the index and the shards do not fit each other",
        "write both again with one tool",
    ),
    # Pickles
    "pickle_global": Code(
        _R,
        "a pickle asks for something that no file of tensors needs",
        "do not load it; ask its maker for safetensors",
    ),
    "pickle_call": Code(
        _R,
        "a pickle does what no file of tensors needs",
        "do not load it; ask its maker for safetensors",
    ),
    "pickle_damaged": Code(
        _R,
        "a pickle breaks in the middle; what stands before it would run all the same",
        "do not load it; ask its maker for safetensors",
    ),
    "pickle_bomb": Code(_R, "a pickle is made to exhaust memory or time", "do not load it"),
    "embedded_pickle": Code(
        _R, "a pickle that calls something is hidden in another file", "do not load it"
    ),
    "object_array": Code(
        _R, "a NumPy array of objects is a pickle", "save numbers or text instead"
    ),
    "pickle_convert": Code(
        _W,
        "a pickle holds tensors and nothing that runs",
        "convert it before sharing: paddock convert SRC DST --to safetensors",
    ),
    # Archives
    "bad_archive": Code(_R, "an archive is damaged", "pack it again"),
    "archive_mismatch": Code(
        _R, "an archive reads differently in different programs", "pack it again"
    ),
    "encrypted": Code(
        _R, "an archive is encrypted, so nothing in it could be checked", "unpack it"
    ),
    "archive_link": Code(_R, "an archive holds a link or a device", "pack the files themselves"),
    "archive_bomb": Code(
        _R, "an archive unpacks to far more than it can honestly hold", "share the files unpacked"
    ),
    "archive_depth": Code(_R, "archives are nested too deep to be looked into", "unpack them"),
    "archive_not_read": Code(
        _R, "an archive of a kind that is not looked into", "share the files unpacked"
    ),
    "torch_tar": Code(
        _R,
        "a PyTorch file of before 2017, made of pickles in a tar archive",
        "load it with the PyTorch that made it and save it again",
    ),
    # Programs and formats that carry them
    "executable": Code(_R, "a file is a program", "remove it; weights need none"),
    "script": Code(_Q, "a file is a script for a shell", "remove it, or have a person read it"),
    "git_hook": Code(_R, "git would run this file", "share the files without .git"),
    "git_config": Code(_R, "a setting of git that runs a command", "share the files without .git"),
    "git_data": Code(
        _Q, "git's own data; the history in it is not looked into", "share the files without .git"
    ),
    "polyglot": Code(
        _R, "a file is of two types at once", "export it again; an honest file is of one type"
    ),
    "after_the_end": Code(_Q, "something stands behind the end of a document", "save it again"),
    "active_document": Code(_Q, "a document holds actions or scripts", "share it without them"),
    "torchscript": Code(
        _R, "TorchScript or a torch.package: programs beside the weights", "share the weights alone"
    ),
    "nemo": Code(
        _R, "a NeMo archive: its configuration names classes to run", "share the weights alone"
    ),
    "torchserve": Code(
        _R, "a TorchServe archive: a program with weights", "share the weights alone"
    ),
    "keras": Code(
        _Q,
        "a Keras or HDF5 model: it may hold programs that are not looked into",
        "share the weights as safetensors",
    ),
    "keras_code": Code(
        _R,
        "a Keras model that names code to run: a Lambda, a module, a function",
        "do not load it; share the weights as safetensors",
    ),
    "onnx": Code(
        _Q, "an ONNX graph: a program of its own kind", "have a person look at its operators"
    ),
    "onnx_path": Code(
        _R, "an ONNX graph takes data from a file outside its folder", "export it again"
    ),
    "onnx_custom_domain": Code(
        _Q, "an ONNX graph needs operators that are not ONNX's own", "export it without them"
    ),
    "tensorflow": Code(
        _Q, "a TensorFlow graph: a program of its own kind", "share the weights as safetensors"
    ),
    "tensorflow_op": Code(
        _R, "a TensorFlow graph reads or writes files, or runs Python", "do not load it"
    ),
}
