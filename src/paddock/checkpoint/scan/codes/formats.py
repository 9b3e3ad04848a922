"""Codes of programs, of documents, and of formats that carry programs beside weights."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _Q = Level.REJECT, Level.QUARANTINE

FORMATS: dict[str, Code] = {
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
    "broken_document": Code(_Q, "a document ends before it should", "save it again"),
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
