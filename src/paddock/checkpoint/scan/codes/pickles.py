"""Codes of pickles, and of the files in which pickles hide."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _W = Level.REJECT, Level.WARN

PICKLES: dict[str, Code] = {
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
}
