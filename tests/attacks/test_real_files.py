"""Honest files are taken, real hostile ones are refused: files of other people's making."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock.checkpoint.scan.report import Verdict
from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.honest_files import Honest, honest_files
from tests.attacks.judging import is_as_expected, scanned
from tests.conftest import REPOSITORY, SHARED_DATA

PICKLES = SHARED_DATA / "pickle"
# Files that no third party calls infected, and what we say instead of its silence.
UNDECIDED = {
    "data/bad_pytorch.pt": Verdict.QUARANTINE,  # the first eight bytes of a picture
    "data/not_a_pickle.bin": Verdict.QUARANTINE,  # nine bytes of no format
    "data/benign0_v3.pkl": Verdict.CLEAN,
    "data/pytorch_model.bin": Verdict.CLEAN,
    "data/benign_password_protected.zip": Verdict.REJECT,  # encrypted: nobody can look inside
    "data/malicious1.7z": Verdict.REJECT,  # an archive that is not looked into
    "data2/int_arrays.npz": Verdict.CLEAN,
    "data2/object_arrays.npz": Verdict.REJECT,  # arrays of objects are pickles
}
# Honest files that a person should look at before they are shared again.
EXCEPTIONS = {
    "messaging/business-messaging-api_v23.0.yaml": Verdict.QUARANTINE,  # dozens of addresses
    "safety/cyberseceval_prompt_injection.json": Verdict.QUARANTINE,  # the same
}
# Folders that are judged as a whole: their files refer to each other.
FOLDERS = ("models/stories260K", "models/tiny-llama-float-hf")


def _labels() -> dict[str, dict[str, object]]:
    if not PICKLES.is_dir():
        return {}
    found: dict[str, dict[str, object]] = json.loads((PICKLES / "labels.json").read_bytes())
    return found


@pytest.mark.parametrize("name", sorted(_labels()) or ["nothing"])
def test_every_real_pickle_gets_the_verdict_that_it_deserves(name: str, shared_data: Path) -> None:
    is_infected = bool(_labels()[name].get("infected"))
    expected = Verdict.REJECT if is_infected else UNDECIDED[name]
    found = scanned(shared_data / "pickle" / name)
    assert found.verdict is expected, found


@pytest.mark.parametrize("case", list(honest_files()), ids=lambda case: case.name)
def test_an_honest_file_is_taken(case: Honest, tmp_path: Path) -> None:
    found = scanned(write_tree(tmp_path, case.tree()))
    assert is_as_expected(found, case.expected), found
    if case.expected.value == "A":
        assert found.codes == ()


def _real_files() -> list[str]:
    """Every shared file that is neither a pickle nor part of a folder that is judged whole."""
    files = (path for path in SHARED_DATA.rglob("*") if path.is_file())
    names = sorted(path.relative_to(SHARED_DATA).as_posix() for path in files)
    return [name for name in names if not name.startswith(("pickle/", *FOLDERS))]


@pytest.mark.parametrize("name", [*_real_files(), *FOLDERS] if PICKLES.is_dir() else ["nothing"])
def test_real_models_tokenizers_texts_and_tables_are_taken(name: str, shared_data: Path) -> None:
    found = scanned(shared_data / name)
    assert found.verdict is not Verdict.REJECT, found
    assert found.verdict is EXCEPTIONS.get(name, Verdict.CLEAN), found


def test_our_own_starter_model_and_manual_are_taken() -> None:
    for folder in ("src/paddock/starter/model", "docs"):
        assert scanned(REPOSITORY / folder).verdict is Verdict.CLEAN
