"""What scanners say of the corpus in ``tests/attacks``: who calls hostile files clean?

    python -m benchmarks.scan_corpus [--peers picklescan=/its/path modelscan=/its/path ...]

A peer is one that ``paddock scan --second-opinion`` knows; modelaudit-picklescan is named by a
Python that has it. Each is shown every file alone, in a process under the limits of a second
opinion. Only files of the kinds that such scanners are made for count: pickles, archives, weights
and the formats that carry programs. Needs ``../shared/data`` for the real files.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.scan.identify import identify
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import HEAD_BYTES
from paddock.checkpoint.scan.opinions.answers import Word
from paddock.checkpoint.scan.opinions.asking import Wished, ask, parse_wishes
from paddock.checkpoint.scan.opinions.running import RunLimits
from paddock.checkpoint.scan.opinions.scanners import SCANNERS
from paddock.checkpoint.scan.report import Verdict
from tests.attacks.corpus import everything
from tests.attacks.corpus.case import Expected, Judge, write_tree
from tests.attacks.corpus.honest_files import honest_files
from tests.attacks.judging import scanned
from tests.conftest import SHARED_DATA

GROUPS = {
    "pickles": ("pickle", "hidden pickle", "beyond pickles"),
    "archives": ("archive", "beyond archives"),
    "safetensors, GGUF": ("safetensors", "GGUF", "beyond weights"),
    "Keras, ONNX, programs, code": ("other format",),
}
REAL, HONEST = "real hostile pickles", "honest files"
_HOSTILE = (Expected.REJECT, Expected.QUARANTINE)
_WORST_FIRST = (Word.DANGEROUS, Word.SUSPICIOUS, Word.UNFINISHED, Word.CLEAN, Word.SKIPPED)
_OURS = {
    Verdict.REJECT: Word.DANGEROUS,
    Verdict.QUARANTINE: Word.SUSPICIOUS,
    Verdict.CLEAN: Word.CLEAN,
}


class Input(NamedTuple):
    """A file or folder, and which row of the table it counts for."""

    group: str
    name: str
    path: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", nargs="*", default=[], metavar="NAME=PATH")
    parser.add_argument("--numbers", type=int, nargs="*", help="these cases only")
    parser.add_argument("--jobs", type=int, default=2, help="scanners that run at once")
    parser.add_argument("--folder", type=Path, help="where the files go (the system's default)")
    parser.add_argument("--json", type=Path, help="write every word that was said here")
    options = parser.parse_args()
    peers = parse_wishes(",".join(options.peers))
    with tempfile.TemporaryDirectory(prefix="paddock-bench-", dir=options.folder) as name:
        inputs = list(_inputs(Path(name), options.numbers))
        said = {"paddock": [_ours(each.path) for each in inputs]}
        for peer in peers:
            with ThreadPoolExecutor(options.jobs) as pool:
                said[peer.name] = list(pool.map(lambda each, p=peer: _peers(p, each), inputs))
    print(render(inputs, said))
    if options.json:
        options.json.write_text(json.dumps(_figures(inputs, said), indent=2) + "\n")


def _inputs(folder: Path, numbers: Sequence[int] | None) -> Iterator[Input]:
    group_of = {family: group for group, families in GROUPS.items() for family in families}
    for family in everything.FAMILIES:
        for case in family.cases:
            wanted = family.name in group_of and case.judge is Judge.SCAN
            if wanted and case.expected in _HOSTILE and (not numbers or case.number in numbers):
                for name, tree in case.variants():
                    label = f"{case.number:03}-{name}"
                    place = folder / f"{case.number:03}" / f"{len(list(folder.glob('*/*')))}"
                    yield Input(group_of[family.name], label, write_tree(place, tree))
    yield from _real_files()
    for number, honest in enumerate(honest_files()):
        yield Input(HONEST, honest.name, write_tree(folder / "honest" / str(number), honest.tree()))


def _real_files() -> Iterator[Input]:
    """Other people's files: hostile ones by their labels, and everything that is no pickle."""
    labels_file = SHARED_DATA / "pickle" / "labels.json"
    if not labels_file.is_file():
        return
    for name, label in json.loads(labels_file.read_bytes()).items():
        if label.get("infected"):
            yield Input(REAL, name, labels_file.parent / name)
    for path in sorted(SHARED_DATA.rglob("*")):
        is_alone = not path.name.endswith(".index.json")  # means nothing without its shards
        if path.is_file() and "pickle" not in path.relative_to(SHARED_DATA).parts and is_alone:
            yield Input(HONEST, path.name, path)


def _ours(path: Path) -> Word:
    return _OURS[scanned(path).verdict]


def _peers(peer: Wished, each: Input) -> Word:
    """The worst word on any file of the input; nothing to look at is skipped.

    Of honest files a peer is shown those of the types that it is made for, as in a real scan: what
    it says of a text is no fault of its own. Hostile ones hide their type, so it sees them all.
    """
    path = each.path
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    if each.group == HONEST:
        files = [file for file in files if _kind(file) in SCANNERS[peer.name].kinds]
    limits = RunLimits(seconds=60)
    words = {ask(peer, file, limits).word for file in files if not file.is_symlink()}
    return next((word for word in _WORST_FIRST if word in words), Word.SKIPPED)


def _kind(file: Path) -> Kind:
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    return identify(file, head, file.stat().st_size)


def _figures(inputs: Sequence[Input], said: dict[str, list[Word]]) -> dict[str, object]:
    sizes = Counter(each.group for each in inputs)
    figures = [
        {
            "what": f"{group} ({size}) | {tool}",
            "unit": "called clean",
            "value": _counts(inputs, spoken)[group, Word.CLEAN],
        }
        for group, size in sizes.items()
        for tool, spoken in said.items()
    ]
    words = {tool: {each.name: word for each, word in zip(inputs, spoken, strict=True)}
             for tool, spoken in said.items()}  # fmt: skip
    return {"title": "The corpus", "figures": figures, "words": words}


def _counts(inputs: Iterable[Input], words: Iterable[Word]) -> Counter[tuple[str, Word]]:
    return Counter((each.group, word) for each, word in zip(inputs, words, strict=True))


def render(inputs: Sequence[Input], said: dict[str, list[Word]]) -> str:
    """A Markdown table: a row for every group and tool."""
    sizes = Counter(each.group for each in inputs)
    columns = ("called dangerous", "suspicious", "failed", "looked at nothing", "called clean")
    order = (Word.DANGEROUS, Word.SUSPICIOUS, Word.UNFINISHED, Word.SKIPPED, Word.CLEAN)
    lines = [f"| inputs | scanner | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    for group, size in sizes.items():
        for tool, words in said.items():
            counts = _counts(inputs, words)
            cells = " | ".join(str(counts[group, word]) for word in order)
            lines.append(f"| {group} ({size}) | {tool} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
