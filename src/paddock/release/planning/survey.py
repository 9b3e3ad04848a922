"""Looks at a source folder: its files, their first bytes, and the checkpoint in it.

The thin file between disk and plan. Reads headers only, follows no link, changes nothing; a
checkpoint that cannot be used becomes a problem of the plan rather than an error here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from paddock.checkpoint.convert.convert import plan_conversion
from paddock.checkpoint.convert.model_names import model_name
from paddock.checkpoint.errors import BadCheckpoint, BadConfig, NotAvailableYet
from paddock.checkpoint.inspection import Inspection, inspect_checkpoint
from paddock.checkpoint.opening import LAYOUTS, Format
from paddock.checkpoint.safetensors.hf_folder import INDEX, weight_files
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.strict_json import load_object
from paddock.errors import BadInput, NotFound
from paddock.front_matter import CARD_NAME, split_document
from paddock.release.documents.measured import model_facts
from paddock.release.files.folder import Listing, list_folder
from paddock.release.files.formats import HEAD_BYTES, role_of
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.planning.adapter_source import adapter_model, is_adapter
from paddock.release.planning.left_out import RESULTS_FOLDER
from paddock.release.planning.outputs import PlannedOutput, planned_outputs, rewrites_weights
from paddock.release.planning.source import Model, Source
from paddock.release.spec.artifacts import Artifacts
from paddock.release.spec.release_spec import ReleaseSpec

MAX_README_BYTES = 1 << 20
MAX_TEXTS = 100  # licences and notices
_META_FILES = re.compile(r"params\.json|consolidated\.[0-9]+\.pth|checklist\.chk")


def survey(
    folder: Path, release_file: Path | None = None, spec: ReleaseSpec | None = None
) -> Source:
    """Everything that a plan needs to know about ``folder``; ``spec`` names the outputs.

    Raises BadReleaseFile, NotSupportedYet for outputs that cannot be made.
    """
    if not folder.exists():
        raise NotFound(f"{folder} does not exist")
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder", hint="give the folder of the checkpoint")
    with opened_folder(folder) as root_fd:
        listing = list_folder(root_fd)
        heads = {path: _head(root_fd, path) for path in listing.files}
        readme = _readme(root_fd, listing)
        texts = _texts(root_fd, listing)
    inside = release_file is not None and release_file.parent.resolve() == folder.resolve()
    document = split_document(readme.decode("utf-8", "replace"))
    outputs = planned_outputs(spec.artifacts if spec else Artifacts())
    return Source(
        path=str(folder),
        listing=listing,
        heads=heads,
        model=find_model(folder, listing, outputs, spec.metadata.name if spec else None),
        release_file=release_file.name if release_file is not None and inside else None,
        front_matter=document.front_matter,
        readme=document.body.strip(),
        texts=texts,
    )


def find_model(
    folder: Path, listing: Listing, outputs: Sequence[PlannedOutput], name: str | None = None
) -> Model:
    """The checkpoint in the folder, in facts; what is wrong with it, in problems."""
    problems = _stray_weights(folder, listing)
    if is_adapter(folder):
        return adapter_model(folder)
    try:
        found = inspect_checkpoint(folder)
        problems += [*found.problems, *_own_code(folder)]
    except (BadCheckpoint, NotAvailableYet) as e:
        return Model(format="unknown", problems=(e.message, *problems))
    except OSError as e:
        return Model(format="unknown", problems=(f"the checkpoint cannot be read: {e}", *problems))
    consumed = _consumed(found, folder, listing, reshard=rewrites_weights(outputs))
    produced, cannot = _produced(found, folder, outputs, name)
    family = found.config.title if found.config else "Llama"
    return Model(
        format=found.format,
        facts=model_facts(found),
        consumed=consumed,
        produced=produced,
        problems=(*problems, *cannot),
        summary=f"{family}, {found.parameters:,} parameters, {', '.join(found.dtypes)}",
        is_chat=found.tokenizer is not None and found.tokenizer.has_chat_template,
        licenses=tuple((hint.file, hint.licence) for hint in found.licences),
    )


def _produced(
    found: Inspection, folder: Path, outputs: Sequence[PlannedOutput], name: str | None
) -> tuple[tuple[str, ...], list[str]]:
    """The files that conversions write, and why one cannot be made; from headers alone."""
    is_kept = found.format == Format.HUGGING_FACE
    produced, problems = set[str](), list[str]()
    for output in outputs:
        if is_kept and output.keeps_files and not output.folder:
            continue
        try:
            options = output.options(name or model_name(folder))
            plan = plan_conversion(folder, folder / "planned", options)
        except BadInput as e:
            problems.append(f"the output {output.id} cannot be made: {e.message}")
            continue
        prefix = f"{output.folder}/" if output.folder else ""
        produced |= {f"{prefix}{file.name}" for file in plan.files.weights}
        produced |= {f"{prefix}{file.name}" for file in plan.files.small}
    return tuple(sorted(produced)), problems


def _readme(root_fd: int, listing: Listing) -> bytes:
    if CARD_NAME not in listing.files:
        return b""
    raw = read_beneath(root_fd, CARD_NAME, MAX_README_BYTES)
    if len(raw) > MAX_README_BYTES:
        raise BadInput(f"{CARD_NAME} is larger than {MAX_README_BYTES} bytes")
    return raw


def _texts(root_fd: int, listing: Listing) -> dict[str, str]:
    """Licences, notices, the configuration and results: the beginning of each, as text."""
    wanted = [
        path
        for path in listing.files
        if path == "config.json" or role_of(path) in {"license", "notice"}
    ]
    claims = sorted(path for path in listing.files if path.startswith(f"{RESULTS_FOLDER}/"))
    if len(claims) > MAX_TEXTS:
        raise BadInput(f"{RESULTS_FOLDER} holds {len(claims)} files, more than {MAX_TEXTS}")
    return {
        path: _head(root_fd, path, MAX_README_BYTES).decode("utf-8", "replace")
        for path in (*sorted(wanted)[:MAX_TEXTS], *claims)
    }


def _head(root_fd: int, path: str, count: int = HEAD_BYTES) -> bytes:
    try:
        return read_beneath(root_fd, path, count - 1)
    except OSError as e:
        raise BadInput(f"{path} cannot be read: {e.strerror or e}") from e


def _stray_weights(folder: Path, listing: Listing) -> list[str]:
    """Every safetensors file must be well formed, also one that the model does not use."""
    problems = []
    for path in sorted(listing.files):
        if path.endswith(".safetensors") and not path.startswith("."):
            try:
                open_tensors(folder / path)
            except BadCheckpoint as e:
                problems.append(f"{path}: {e.message}")
    return problems


def _own_code(folder: Path) -> list[str]:
    """Configurations that make a loader fetch and run code (``auto_map``)."""
    problems = []
    for name in ("tokenizer_config.json", "generation_config.json"):
        if (folder / name).is_file() and load_object(folder / name, BadConfig).get("auto_map"):
            problems.append(f"{name} asks for code of its own (auto_map)")
    return problems


def _consumed(
    found: Inspection, folder: Path, listing: Listing, *, reshard: bool
) -> frozenset[str]:
    """The files that a conversion reads; none when the source is in the released layout."""
    if found.format == Format.HUGGING_FACE:
        weights = {path.name for path in weight_files(folder)} | {INDEX}
        return frozenset(weights & set(listing.files)) if reshard else frozenset()
    if found.format in LAYOUTS:
        weights = {
            name
            for layout in LAYOUTS[Format(found.format)]
            for name in (layout.index, *(path.name for path in weight_files(folder, layout)))
        }
        return frozenset(weights & set(listing.files))
    tokenizer = {found.tokenizer.file} if found.tokenizer else set()
    if found.format == Format.META:
        weights = {path for path in listing.files if _META_FILES.fullmatch(path)}
    else:
        suffix = ".gguf" if found.format == Format.GGUF else ".bin"
        weights = {path for path in listing.files if path.endswith(suffix) and "/" not in path}
    return frozenset(weights | tokenizer)
