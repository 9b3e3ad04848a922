"""What else in the source would give withheld weights away: states, copies, logs, adapters.

Pure: names of files, and of tensors in their headers. Optimizer states, EMA copies, shards of a
trainer and event logs hold a withheld part in another form, so they stay behind, too; an adapter of
the withheld base tells in which directions it was changed, which is said and stops nothing. What is
in a file that nobody knows is the leak check's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.safetensors.reading import read_header
from paddock.release.evidence import Check
from paddock.release.withholding.file_rules import ADAPTER_CONFIG, adapter_folders
from paddock.release.withholding.source_tree import SourceTree
from paddock.release.withholding.tensor_rules import first_few
from paddock.release.withholding.withheld import WithheldTensor

# By names that trainers write (transformers, accelerate, DeepSpeed, PyTorch's distributed
# checkpoints, Megatron, llama.cpp's imatrix tool).
_STATE = "an optimizer's state"
_SHARD = "a shard of a trainer's checkpoint"
_LOG = "a log of the training, whose histograms may hold weights"
_KINDS = (
    (
        "optimizer",
        _STATE,
        r"optim(?:izer)?(?:[._-].*)?|.*[._-]optim(?:izer)?_?states?(?:\..*)?|distrib_optim.*|"
        r"scheduler\.(?:pt|bin|safetensors)|scaler\.(?:pt|bin)",
    ),
    ("average", "a running average of the weights", r"(?:.*[._-])?ema(?:[._-].*)?|swa[._-].*"),
    (
        "shard",
        _SHARD,
        r".*\.distcp|zero_pp_rank_.*|mp_rank_.*|pytorch_model_fsdp.*|bf16_zero_.*|"
        r"layer_\d+-model_.*|model_optim_rng\..*|rng_state.*",
    ),
    ("log", _LOG, r"events\.out\.tfevents.*|.*\.wandb"),
    ("imatrix", "an importance matrix, measured with the weights", r".*imatrix.*"),
    (
        "copy",
        "weights that nobody compares with the rules",
        r".*\.(?:gguf|ggml|bin|pt|pth|ckpt|npz|npy|h5|onnx|msgpack|pb|tflite|keras|nemo)",
    ),
)
_FOLDERS = (
    ("shard", _SHARD, r"global_step\d+|pytorch_model_fsdp_\d+|distcp|iter_\d{7}"),
    ("optimizer", _STATE, r"optim(?:izer)?(?:_\d+)?"),
    ("log", _LOG, r"wandb|tensorboard|runs"),
)
_TRACES = re.compile(r"(?:trainer_state|training_args|optimizer_args)\.[a-z]+|.*\.log")
_STATE_OF = re.compile(r"(?:.*[._])?(?:exp_avg|exp_avg_sq|momentum_buffer|ema|master)(?:[._].*)?")
_ADAPTED = re.compile(r"(?:.*\.)?(layers\.\d+\.[A-Za-z0-9_.]+?)\.(?:lora_|base_layer|modules_to).*")


def check_companions(
    tree: SourceTree, tensors: Iterable[WithheldTensor], staying: set[str]
) -> list[Check]:
    """What to say of every file besides the model's own; ``staying`` are those that stay behind."""
    withheld = tuple(tensors)
    if not withheld:
        return []
    others = [path for path in tree.files if path not in staying and path not in tree.weights]
    checks = [check for path in others if (check := _by_name(path)) is not None]
    known = {check.id.partition(":")[2] for check in checks}
    folders = [folder for folder in adapter_folders(tree) if _config_of(folder) not in staying]
    adapters = {path for folder in folders for path in _adapter_files(folder, others)}
    for path in others:
        if path.endswith(".safetensors") and path not in known | adapters:
            checks += _by_header(tree, path, withheld)
    checks += [_adapter(tree, folder, adapters, withheld) for folder in folders]
    return checks


def _by_name(path: str) -> Check | None:
    """An unmet condition where a file's name or folder says that it holds the training's state."""
    *folders, name = path.split("/")
    found = next((k for k in _FOLDERS for f in folders if re.fullmatch(k[2], f)), None)
    found = found or next((k for k in _KINDS if re.fullmatch(k[2], name)), None)
    if found is not None and not name.endswith((".py", ".md", ".txt")):
        return _unmet(found[0], path, f"{path} is {found[1]}")
    if _TRACES.fullmatch(name):
        sentence = f"{path} was written while the withheld weights were trained: read it first"
        return Check(f"withholding.trace:{path}", "withholding", "warned", sentence)
    return None


def _by_header(
    tree: SourceTree, path: str, withheld: tuple[WithheldTensor, ...]
) -> Iterator[Check]:
    try:
        entries = read_header(tree.folder / path).entries
    except BadCheckpoint as e:
        yield _unmet("copy", path, f"{path} cannot be looked into: {e.message}")
        return
    names = {tensor.name for tensor in withheld}
    states = [entry.name for entry in entries if _STATE_OF.fullmatch(entry.name)]
    copies = [entry.name for entry in entries if _is_named(entry.name, names)]
    if states:
        sentence = f"{path} holds an optimizer's state or an average: {first_few(states)}"
        yield _unmet("optimizer", path, sentence)
    elif copies:
        yield _unmet("copy", path, f"{path} holds tensors of the same name: {first_few(copies)}")


def _is_named(name: str, withheld: set[str]) -> bool:
    """Whether a name is a withheld one, or ends with it after a prefix."""
    parts = name.split(".")
    return any(".".join(parts[at:]) in withheld for at in range(len(parts)))


def _unmet(kind: str, path: str, sentence: str) -> Check:
    hint = "name it under artifacts.source.exclude, or withhold it with a file rule"
    return Check(f"withholding.{kind}:{path}", "withholding", "unmet", sentence, hint=hint)


def _config_of(folder: str) -> str:
    return f"{folder}/{ADAPTER_CONFIG}" if folder else ADAPTER_CONFIG


def _adapter_files(folder: str, paths: Iterable[str]) -> list[str]:
    """An adapter's own files: all below its folder; of one at the top, those that are called so."""
    prefix = f"{folder}/" if folder else "adapter_"
    return [path for path in paths if path.startswith(prefix)]


def _adapter(
    tree: SourceTree, folder: str, adapters: set[str], withheld: tuple[WithheldTensor, ...]
) -> Check:
    """An adapter that is released while parts of its base are not."""
    what = f"the adapter {folder}" if folder else "the adapter beside the model"
    adapted: set[str] = set()
    for path in _adapter_files(folder, adapters):
        if path.endswith(".safetensors"):
            try:
                names = [entry.name for entry in read_header(tree.folder / path).entries]
            except BadCheckpoint:
                continue  # a file that cannot be opened is refused with all files of weights
            adapted |= {found[1] for name in names if (found := _ADAPTED.fullmatch(name))}
    touched = sorted(
        tensor.name
        for tensor in withheld
        if any(tensor.name.endswith(f"{name}.weight") for name in adapted)
    )
    sentence = (
        f"{what} was trained on the withheld {first_few(touched)} and shows how they were changed"
        if touched
        else f"{what} is released without all of its base, and may show directions of the rest"
    )
    hint = "withhold it, too, with an adapter rule"
    return Check(
        f"withholding.adapter:{folder or '.'}", "withholding", "warned", sentence, hint=hint
    )
