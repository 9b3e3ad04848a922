"""What a folder to be released holds, and which of its files a conversion replaces."""

from __future__ import annotations

from pathlib import Path

from paddock.release.planning.survey import survey
from tests.checkpoint.pytorch.test_bin_folder import INDEX, SHARDS, sharded_folder


def test_pickled_weights_are_replaced_and_their_index_with_them(tmp_path: Path) -> None:
    sharded_folder(tmp_path)
    (tmp_path / "training_log.txt").write_text("epoch 1\n")
    model = survey(tmp_path).model
    assert model.format == "pytorch"
    assert model.consumed == {*SHARDS, INDEX}
    assert "model.safetensors" in model.produced
