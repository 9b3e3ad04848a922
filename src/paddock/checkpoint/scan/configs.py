"""Configurations: what they make a loader fetch, run, open or allocate.

Every JSON file is looked at, whatever its name, at every depth: libraries look for the same keys in
model, tokenizer, processor and generation settings, and in what these embed. Knows keys, not
architectures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from paddock.checkpoint.scan.documents import MAX_JSON_BYTES, Item, items_of, json_of, metadata_of
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.tokenizers.reading import is_tokenizer_json
from paddock.checkpoint.shape import config as shape
from paddock.errors import shown

Finding = tuple[str, str]
MAX_OF_A_CODE = 5
_MAX_METADATA_JSON = 1 << 20
# What a loader opens, or downloads, when it reads the settings.
_LOADED_KEYS = frozenset((
    "vocab_file", "merges_file", "tokenizer_file", "spm_file", "sp_model_file", "weight_map",
    "model_file", "emoji_file", "source_spm", "target_spm", "chat_template_path", "file_name",
    "filename", "weights_file", "library_file",
))  # fmt: skip
_PATH_KEY = re.compile(r"(?i).*_(?:file|files|path|paths)|path")
# Settings of a training run, which name its own files; no loader of models reads those.
_TRAINING_KEYS = frozenset((
    "learning_rate", "per_device_train_batch_size", "num_train_epochs", "lr", "weight_decay",
    "train_batch_size", "log_history",
))  # fmt: skip
_ORIGIN_KEYS = frozenset((
    "_name_or_path", "name_or_path", "base_model_name_or_path", "tokenizer_name", "output_dir",
    "best_model_checkpoint", "dataset_name", "parent_model",
))  # fmt: skip
_META_KEYS = frozenset(("dim", "n_layers", "n_heads"))
_CODE_KEYS = frozenset(("auto_map", "custom_pipelines", "custom_pipeline", "custom_generate"))
_BUILD_KEYS = frozenset(
    ("_target_", "py/object", "py/reduce", "py/function", "__reduce__", "__module__")
)
_KERNEL_KEYS = frozenset(("attn_implementation", "_attn_implementation", "experts_implementation"))
_CLASS_KEYS = frozenset((
    "tokenizer_class", "processor_class", "architectures", "model_type", "image_processor_type",
    "feature_extractor_type", "model_class",
))  # fmt: skip
_LIBRARIES = ("transformers", "diffusers", "peft", "None")
_PIPELINE_LIBRARIES = frozenset((
    "transformers", "diffusers", "onnxruntime", "optimum", "peft", "k_diffusion", "null",
))  # fmt: skip
# Packages of diffusers.pipelines whose own classes model_index.json names.
_PIPELINES = frozenset((
    "stable_diffusion", "stable_diffusion_safe", "stable_diffusion_xl", "stable_diffusion_3",
    "stable_cascade", "alt_diffusion", "deepfloyd_if", "paint_by_example", "latent_diffusion",
    "unclip", "versatile_diffusion", "kandinsky", "kandinsky2_2", "kandinsky3", "shap_e",
    "unidiffuser", "audioldm", "audioldm2", "musicldm", "wuerstchen", "blip_diffusion",
    "spectrogram_diffusion", "stable_audio", "cogview3", "cogview4", "flux", "controlnet",
    "hunyuandit", "lumina", "sana",
))  # fmt: skip
_CLASS_NAME = re.compile(r"[\w.\- ]{1,200}")
# Beyond these, no published model; a loader that believes them asks for terabytes.
_LIMITS: dict[str, int] = {
    "vocab_size": shape.MAX_VOCAB, "hidden_size": shape.MAX_DIM, "d_model": shape.MAX_DIM,
    "n_embd": shape.MAX_DIM, "intermediate_size": shape.MAX_FFN_DIM, "n_inner": shape.MAX_FFN_DIM,
    "num_hidden_layers": shape.MAX_LAYERS * 4, "n_layer": shape.MAX_LAYERS * 4,
    "num_attention_heads": shape.MAX_HEADS * 4, "num_key_value_heads": shape.MAX_HEADS * 4,
    "head_dim": shape.MAX_HEAD_DIM * 4, "num_experts": 1 << 16, "num_local_experts": 1 << 16,
    "max_position_embeddings": 1 << 40, "num_labels": 1 << 24,
}  # fmt: skip
_SCRIPT = re.compile(r"(?i)<\s*(?:script|iframe|img|svg|object|embed)\b|javascript:|\bon\w+\s*=")
_ADDRESS = re.compile(r"(?i)\b(?:https?|ftp|file)://[^\s\"'<>]{1,200}")
# Where metadata honestly names an address: model specifications, GGUF's own keys, licences.
_ADDRESS_KEYS = re.compile(
    r"(?:general|modelspec|ss)[._].*|.*(?:licen[cs]e|url|link|homepage|repo|source)\w*"
)


def check_config(look: Look) -> Iterator[Reason]:
    """What the settings in a JSON file make a loader do."""
    document = json_of(look)
    if document is None:
        return
    if document.problem:
        code = "unparsed" if look.size_bytes > MAX_JSON_BYTES else "malformed"
        yield Reason(code, look.name, f"{look.name}: {document.problem}")
        return
    for name in document.duplicates[:MAX_OF_A_CODE]:
        yield Reason("duplicate", look.name, f"the key {shown(name)} stands twice in one object")
    yield from _reasons(look, _in_document(document.value, look.budget.tick))
    yield from _reasons(look, _in_list_of_parts(look.basename, document.value))


def check_metadata(look: Look) -> Iterator[Reason]:
    """What the metadata of weights says beside names and numbers."""
    yield from _reasons(look, _in_metadata(metadata_of(look), look.kind))


def findings_in(value: Any) -> Iterator[Finding]:
    """The same of a document that was read elsewhere."""
    return _in_document(value, lambda: None)


def _reasons(look: Look, findings: Iterator[Finding]) -> Iterator[Reason]:
    told: dict[str, set[str]] = {}
    for code, message in findings:
        seen = told.setdefault(code, set())
        if message not in seen and len(seen) < MAX_OF_A_CODE:
            seen.add(message)
            yield Reason(code, look.name, message)


def _in_document(document: Any, tick: Callable[[], None]) -> Iterator[Finding]:
    if isinstance(document, dict):
        if isinstance(document.get("weight_map"), dict):
            for shard in set(map(str, document["weight_map"].values())):
                yield from _bad_path("weight_map", shard)
        if is_tokenizer_json(document):  # a vocabulary is no setting
            document = {key: value for key, value in document.items() if key != "model"}
    if isinstance(document, dict) and document.keys() >= _META_KEYS:
        # Meta's own params.json says -1: ask the tokenizer.
        document = {k: v for k, v in document.items() if (k, v) != ("vocab_size", -1)}
    of_training = isinstance(document, dict) and bool(_TRAINING_KEYS & document.keys())
    for number, item in enumerate(items_of(document)):
        if number % 65536 == 0:
            tick()
        yield from _bad_item(item)
        if isinstance(item.value, str) and not (of_training and item.key not in _LOADED_KEYS):
            yield from _bad_reference(item.key, item.value)


def _bad_item(item: Item) -> Iterator[Finding]:
    key, value = item.key, item.value
    if key in _BUILD_KEYS:
        yield "instantiates", f"{item.path[1:]} is {shown(value)}: a loader would build it"
    elif key in _CODE_KEYS:
        yield from _code(key, value)
    elif key == "parent_library" and not str(value).startswith(_LIBRARIES):
        yield "custom_code", f"parent_library is {shown(value)}: peft would import it"
    elif key == "trust_remote_code" and value is True:
        yield "custom_code", "trust_remote_code is true: loaders would run code unasked"
    elif isinstance(value, str):
        yield from _bad_class(key, value)
    elif type(value) is int and key in _LIMITS and not 0 <= value <= _LIMITS[key]:
        yield "absurd_value", f"{key} is {shown(value)}; it must be 0 to {_LIMITS[key]}"


def _in_list_of_parts(name: str, document: Any) -> Iterator[Finding]:
    """Libraries that put a model together from named classes, which may lie in its own folder."""
    if name == "modules.json" and isinstance(document, list):  # sentence-transformers
        kinds = [str(part.get("type")) for part in document if isinstance(part, dict)]
        for kind in kinds:
            if not kind.startswith(("sentence_transformers.", "torch.nn.")):
                yield "custom_code", f"a part of the model is the class {shown(kind)}"
    elif name == "model_index.json" and isinstance(document, dict):  # diffusers
        named = document.get("_class_name")
        if isinstance(named, list):
            yield "custom_code", f"_class_name is {shown(named)}: code that lies beside it"
        yield from _foreign_parts(document)


def _foreign_parts(document: dict[str, Any]) -> Iterator[Finding]:
    """Parts of a pipeline out of a module that is neither a library of models nor a pipeline's."""
    for name, part in document.items():
        library = part[0] if isinstance(part, list) and len(part) == 2 else None
        if name.startswith("_") or not isinstance(library, str):
            continue
        if library.split(".")[0] not in _PIPELINE_LIBRARIES and library not in _PIPELINES:
            yield "custom_code", f"{name} is of {shown(library)}, which would be imported"


def _code(key: str, value: Any) -> Iterator[Finding]:
    names = [item.value for item in items_of(value) if isinstance(item.value, str)]
    for name in names:
        if "--" in name or "://" in name:
            yield "remote_code", f"{key} names {shown(name)}: code of another repository"
    if names and not any("--" in name for name in names):
        yield "custom_code", f"{key} names {shown(names[0])}: code that lies beside it"


def _bad_class(key: str, value: str) -> Iterator[Finding]:
    if key in _KERNEL_KEYS and "/" in value:
        yield "remote_code", f"{key} is {shown(value)}: a kernel that would be downloaded and run"
    elif key in _CLASS_KEYS and "--" in value:
        yield "remote_code", f"{key} is {shown(value)}: code of another repository"
    elif key in _CLASS_KEYS and not _CLASS_NAME.fullmatch(value):
        yield "custom_code", f"{key} is {shown(value)}, which is no name of a class"


def _bad_reference(key: str, value: str) -> Iterator[Finding]:
    if key in _ORIGIN_KEYS:
        yield from _bad_origin(key, value)
    elif len(value) <= 4096 and (key in _LOADED_KEYS or _PATH_KEY.fullmatch(key)):
        yield from _bad_path(key, value)


def _bad_path(key: str, value: str) -> Iterator[Finding]:
    plain = value.replace("\\", "/")
    if ".." in plain.split("/"):
        yield "path_escape", f"{key} is {shown(value)}: it leads out of the folder"
    elif key not in _LOADED_KEYS:
        return
    elif plain.startswith(("/", "~")) or re.match(r"[A-Za-z]:/", plain):
        yield "path_escape", f"{key} is {shown(value)}: a place on the loader's own machine"
    elif "://" in value:
        yield "remote_reference", f"{key} is {shown(value)}: an address instead of a file"


def _bad_origin(key: str, value: str) -> Iterator[Finding]:
    """Where a model came from: a path there tells of the maker's machine, not of the loader's."""
    plain = value.replace("\\", "/")
    if plain.startswith("../../"):
        yield "path_escape", f"{key} is {shown(value)}: it leads out of the folder"
    elif re.match(r"(?:file|https?|ftp)://", plain) and "huggingface.co" not in plain:
        yield "remote_reference", f"{key} is {shown(value)}: an address instead of a name"


def _in_metadata(metadata: dict[str, str], kind: Kind) -> Iterator[Finding]:
    for key, text in metadata.items():
        if kind is Kind.GGUF and key.startswith("tokenizer."):
            continue
        if _SCRIPT.search(text):
            yield "metadata_program", f"{shown(key)} holds markup: {shown(text)}"
        if "_target_" in text or "_target_" in key:
            yield "metadata_program", f"{shown(key)} names something to build: {shown(text)}"
        address = _ADDRESS.search(text)
        if address and not _ADDRESS_KEYS.fullmatch(key):
            yield "metadata_program", f"{shown(key)} holds the address {shown(address[0])}"
        yield from _embedded(text)


def _embedded(text: str) -> Iterator[Finding]:
    """Settings written as JSON inside metadata; what they would run is told as in a file."""
    if not text.lstrip().startswith("{") or len(text) > _MAX_METADATA_JSON:
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for code, message in findings_in(document):
        if code in ("remote_code", "custom_code"):
            yield code, f"in the metadata, {message}"
