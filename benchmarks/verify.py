"""``paddock verify`` by shape of release, beside ``model_signing verify`` on the same bytes.

    python -m benchmarks.verify [--bytes N] [--small-files N] [--rounds N]

Times are of whole commands, the start of Python included, which a release of nothing shows by
itself. model-signing verifies what it signed itself, in file mode, once with its default SHA-256
and once with BLAKE3, which its own command cannot be told: it is called as a library. Ours carries
an OMS bundle, a second envelope and update metadata, and is held against BLAKE3; by SHA-256 it
verifies what model-signing signed. The files were written just before, so both
read from memory. Rounds take turns.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Figure, best, paired, run
from paddock import clock
from paddock.digest import Digests
from paddock.release.files.copying import write_content
from paddock.release.files.manifest import MANIFEST_NAME, ReleaseFile, render_manifest
from paddock.release.files.reading import digest_beneath, opened_folder
from paddock.release.signatures.sign import Place, load_signers, sign_release
from paddock.release.spec.sign import Sign
from paddock.signing.keys import create_key

_BLOCK_BYTES = 8 << 20
_SMALL_BYTES = 4096
_SIGN = """
import sys
from pathlib import Path
from model_signing import hashing, signing
folder, key, signature, algorithm = sys.argv[1:]
hashed = hashing.Config().use_file_serialization(hashing_algorithm=algorithm)
config = signing.Config().use_elliptic_key_signer(private_key=Path(key)).set_hashing_config(hashed)
config.sign(Path(folder), Path(signature))
"""
_VERIFY = """
import sys
from pathlib import Path
from model_signing import hashing, verifying
folder, key, signature, algorithm = sys.argv[1:]
hashed = hashing.Config().use_file_serialization(hashing_algorithm=algorithm)
config = verifying.Config().use_elliptic_key_verifier(public_key=Path(key))
config = config.set_hashing_config(hashed).set_ignore_unsigned_files(True)
config.verify(Path(folder), Path(signature))
"""


class Shape(NamedTuple):
    """Files of one release."""

    name: str
    sizes: list[int]

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=4_000_000_000, help="of the large releases")
    parser.add_argument("--small-files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    run("Verifying", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    place = Place(folder, folder / "home")
    for name, kind in (("oms", "p256"), ("rel", "ed25519")):
        create_key(folder / f"{name}.pem", kind, None)
    shapes = [
        Shape("nothing", [1]),
        Shape("one file", [options.bytes]),
        Shape("eight shards", [options.bytes // 8] * 8),
        Shape(f"{options.small_files} small files", [_SMALL_BYTES] * options.small_files),
    ]
    figures: list[Figure] = []
    for number, shape in enumerate(shapes):
        release = folder / f"release-{number}"
        figures += _shape(shape, release, place, options.rounds)
    return figures


def _shape(shape: Shape, release: Path, place: Place, rounds: int) -> list[Figure]:
    files = _write_files(release, shape.sizes)
    commands = {
        f"model-signing {name}, {shape.name}": _stock(release, place, name)
        for name in ("sha256", "blake3")
    }
    ours, foreign = f"paddock, {shape.name}", f"paddock by SHA-256, {shape.name}"
    commands[foreign] = _paddock(_foreign(release, place), place)
    _sign(release, files, place)
    commands[ours] = _paddock(release, place)
    taken: dict[str, list[float]] = {what: [] for what in commands}
    for _ in range(rounds):
        for what, command in commands.items():
            taken[what].append(_seconds(command, place))
    rate = shape.size_bytes >= 1 << 20 and len(shape.sizes) < 1000
    unit: Callable[[float], float] = (
        (lambda s: shape.size_bytes / 1e9 / s) if rate else (lambda s: s)
    )
    made = {
        what: best(what, "GB/s" if rate else "s", [unit(seconds) for seconds in seconds_of])
        for what, seconds_of in taken.items()
    }
    theirs = [made[what] for what in commands if what not in {ours, foreign}]
    compared = [paired(made[foreign], theirs[0]), *(paired(made[ours], each) for each in theirs)]
    for folder in (release, _foreign_folder(release)):
        shutil.rmtree(folder)
    return [*theirs, *compared]


def _write_files(release: Path, sizes: list[int]) -> list[ReleaseFile]:
    block = os.urandom(_BLOCK_BYTES)
    release.mkdir()
    for number, size_bytes in enumerate(sizes):
        path = release / f"{number:05}.safetensors"
        with path.open("wb") as file:
            file.write(number.to_bytes(8, "little")[:size_bytes])
            left = size_bytes - min(8, size_bytes)
            while left:
                left -= file.write(block[: min(left, _BLOCK_BYTES)])
    with opened_folder(release) as release_fd:
        names = sorted(path.name for path in release.iterdir())
        digests: list[tuple[str, Digests]] = [(n, digest_beneath(release_fd, n)) for n in names]
    return [ReleaseFile(name, "weights", None, *found) for name, found in digests]


def _stock(release: Path, place: Place, algorithm: str) -> list[str]:
    """Sign as model-signing does, beside the folder; how it then verifies."""
    signature = place.base / f"{release.name}.{algorithm}.sig"
    key = place.base / "oms.pem"
    command = [sys.executable, "-c", _SIGN, str(release), str(key), str(signature), algorithm]
    subprocess.run(command, check=True, capture_output=True)
    public = place.base / "oms.pub.pem"
    return [sys.executable, "-c", _VERIFY, str(release), str(public), str(signature), algorithm]


def _foreign_folder(release: Path) -> Path:
    return release.with_name(f"{release.name}-foreign")


def _foreign(release: Path, place: Place) -> Path:
    """The same files, signed by model-signing where it puts its signature."""
    folder = _foreign_folder(release)
    shutil.copytree(release, folder, copy_function=os.link)
    key, signature = str(place.base / "oms.pem"), str(folder / "model.sig")
    command = [sys.executable, "-c", _SIGN, str(folder), key, signature, "sha256"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def _paddock(folder: Path, place: Place) -> list[str]:
    trust = str(place.base / "oms.pub.pem")
    return [sys.executable, "-m", "paddock", "verify", str(folder), "--trust", trust]


def _sign(release: Path, files: list[ReleaseFile], place: Place) -> None:
    said = {"oms": {"key": "oms.pem"}, "dsse": {"keys": "rel.pem"}, "tuf": {"repo": "tuf"}}
    signers = load_signers(Sign.model_validate(said), place, clock.now())
    document = {
        "name": release.name,
        "version": "1.0.0",
        "signatures": signers.vouchers.to_json(),
    }
    write_content(render_manifest(document, files), release / MANIFEST_NAME)
    sign_release(release, signers, clock.now())


def _seconds(command: list[str], place: Place) -> float:
    environ = {**os.environ, "PADDOCK_CONFIG_HOME": str(place.config_home)}
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, env=environ, check=False)
    taken = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{(done.stdout + done.stderr).decode()}")
    return taken


if __name__ == "__main__":
    main()
