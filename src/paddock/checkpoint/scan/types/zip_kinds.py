"""Which format a zip archive carries: PyTorch's, TorchScript's, Keras', NumPy's or none."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.scan.archives.zip_directory import ZipMember, read_directory
from paddock.checkpoint.scan.kinds import Kind

# Beside data.pkl: compiled code, torch.package's, and what a phone runs.
_PROGRAM_FILES = {"constants.pkl", "bytecode.pkl", "mobile_debug_handles.pkl"}
_PROGRAM_FOLDERS = ("code", ".data/extern_modules", ".data/python_version")


def zip_kind(file: Path) -> Kind:
    """What the names of the members say; a damaged directory is a zip, and refused as one."""
    try:
        members = read_directory(file)
    except BadArchive:
        return Kind.ZIP
    names = {member.name for member in members}
    if "MAR-INF/MANIFEST.json" in names:
        return Kind.MAR
    return _torch_kind(names) or _other_kind(names, members)


def _torch_kind(names: set[str]) -> Kind | None:
    roots = {name.partition("/")[0] for name in names}
    short = {name.partition("/")[2] for name in names} if len(roots) == 1 else set()
    short |= names
    # Any of these is code; torch.package has no data.pkl of its own beside them.
    if short & _PROGRAM_FILES or any(
        name == folder or name.startswith(f"{folder}/")
        for name in short
        for folder in _PROGRAM_FOLDERS
    ):
        return Kind.TORCHSCRIPT if "data.pkl" in short or _is_package(short) else None
    return Kind.TORCH_ZIP if "data.pkl" in short else None


def _is_package(short: set[str]) -> bool:
    return any(name.startswith(".data/") for name in short)


def _other_kind(names: set[str], members: tuple[ZipMember, ...]) -> Kind:
    files = {member.name for member in members if not member.is_folder}
    last = {PurePosixPath(name).name for name in files}
    if "config.json" in files and ("metadata.json" in files or "model.weights.h5" in files):
        return Kind.KERAS
    if "model_config.yaml" in last and any(name.endswith(".ckpt") for name in last):
        return Kind.NEMO
    return Kind.NPZ if files and all(name.endswith(".npy") for name in files) else Kind.ZIP
