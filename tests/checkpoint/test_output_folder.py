"""What is written appears whole or not at all, and takes nobody's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.checkpoint.errors import OutputExists
from paddock.checkpoint.output_folder import new_file, new_folder


def test_a_file_that_somebody_made_meanwhile_is_kept(tmp_path: Path) -> None:
    wanted = tmp_path / "model.gguf"
    with pytest.raises(OutputExists), new_file(wanted) as folder:
        (folder / wanted.name).write_bytes(b"ours")
        wanted.write_bytes(b"theirs")
    assert [path.name for path in tmp_path.iterdir()] == ["model.gguf"]
    assert wanted.read_bytes() == b"theirs"


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half way"), new_file(tmp_path / "m") as folder:
        (folder / "m").write_bytes(b"half")
        raise ValueError("half way")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    (tmp_path / ".m.partial-killed").mkdir()
    (tmp_path / ".m.partial-killed" / "half").write_bytes(b"half")
    (tmp_path / ".m.other").mkdir()
    with new_folder(tmp_path / "m") as living:
        (living / "a").write_bytes(b"a")
        with pytest.raises(ValueError, match="second"), new_folder(tmp_path / "m") as second:
            assert second != living
            raise ValueError("second")
        assert (living / "a").read_bytes() == b"a"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".m.other", "m"]
