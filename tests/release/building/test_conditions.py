"""What a build looks at before anything leaves: scanners, a run of each output, its quality."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddock.engine.errors import ModelTooLarge
from paddock.release.building import running
from paddock.release.errors import GateRefused
from paddock.release.gate.content_root import folder_root
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.building.small import small_release

TWO = "artifacts: {source: {path: model}, outputs: [{id: st}, %s]}"
Q4 = "{id: q4, format: gguf, quant: q4_0, max_kl: %s}"


def built(path: Path) -> dict[str, Any]:
    """The conditions of a build, by id."""
    around = Surroundings(path.parent / "home", "", None, progress=lambda _: None)
    release = build_wanted(Wanted(path), path.parent / "out", around)
    return {check.id: check for check in release.checks}


def test_a_copy_within_its_bound_is_released_with_the_figures(tmp_path: Path) -> None:
    checks = built(small_release(tmp_path, TWO % (Q4 % "0.5")))
    assert checks["quality.kl:q4"].status == "met"
    assert {"formats.run:st", "formats.run:q4", "formats.output:q4"} <= checks.keys()
    document = json.loads((tmp_path / "out" / "release.json").read_bytes())
    facts = {fact["key"]: fact for fact in document["facts"]}
    assert 0 < facts["quality.kl_low:q4"]["value"] <= facts["quality.kl:q4"]["value"]
    assert facts["quality.kl:q4"]["source"] == "measured"


def test_a_copy_that_is_too_far_is_refused_and_kept_for_people(
    tmp_path: Path, paddock: Paddock
) -> None:
    path = small_release(tmp_path, TWO % (Q4 % "0.0001"))
    code, _, error = paddock("release", "build", path, "-o", tmp_path / "out")
    assert code == 5
    assert "quality.kl:q4" in error
    assert "max_kl is 0.0001" in error
    assert "nats a token" in error
    kept = tmp_path / ".Shop-1.0.0.work" / "candidate"
    assert folder_root(kept) in error
    assert not (tmp_path / "out").exists()


def test_what_this_machine_cannot_run_is_undecided_and_stops_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_release(tmp_path, TWO % (Q4 % "0.5"))

    def too_large(*_: object) -> None:
        raise ModelTooLarge("the model needs 800 GB of memory, 16 GB are free")

    with monkeypatch.context() as patched:
        patched.setattr(running, "open_model", too_large)
        with pytest.raises(GateRefused) as refused:
            built(path)
    for id_ in ("formats.run:st", "formats.run:q4", "quality.kl:q4"):
        assert f"undecided: {id_}" in refused.value.message
    assert "800 GB" in refused.value.message
    assert built(path)["formats.run:q4"].status == "met"  # asked again, not remembered


def test_a_model_that_gives_no_numbers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_release(tmp_path, "")
    monkeypatch.setattr(running, "_generate", lambda *given: None)
    with pytest.raises(GateRefused, match="gives no numbers"):
        built(path)


def test_a_file_that_a_person_should_look_at_first_stops_the_release(tmp_path: Path) -> None:
    path = small_release(tmp_path, "")
    people = "\n".join(f"person{n}@shop{n}.example" for n in range(300))
    (tmp_path / "model" / "customers.txt").write_text(people)
    with pytest.raises(GateRefused, match=r"formats\.scan:customers\.txt"):
        built(path)


def test_words_that_are_quoted_in_documents_are_scanned_too(tmp_path: Path) -> None:
    path = small_release(tmp_path, "")
    token = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"
    (tmp_path / "model" / "README.md").write_text(f"# Hello\n\nUse {token} to download.\n")
    with pytest.raises(GateRefused, match=r"formats\.scan:README\.md"):
        built(path)


def test_other_scanners_count_as_release_yaml_says(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    scanners = "inspect: {scanners: {native: required, modelscan: %s}}"
    checks = built(small_release(tmp_path / "one", scanners % "advisory"))
    assert checks["formats.scanner:modelscan"].status == "warned"
    (tmp_path / "two").mkdir()
    path = small_release(tmp_path / "two", scanners % "required")
    with pytest.raises(GateRefused, match="modelscan is not installed"):
        built(path)


def test_a_scan_that_may_take_no_memory_is_no_clean_scan(tmp_path: Path) -> None:
    limits = "inspect: {limits: {cpu_s: 1, wall_s: 1, rss_mb: 1}}"
    with pytest.raises(GateRefused, match=r"formats\.scan"):
        built(small_release(tmp_path, limits))
