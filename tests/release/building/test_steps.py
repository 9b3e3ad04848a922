"""A step is done once, and again when anything about it is not as it was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.release.building.steps import Finished, Made, Steps, step_key

KEY = step_key(1, text="hello")


class Writer:
    """A step that counts how often it is done."""

    def __init__(self, text: str = "hello", fails: bool = False) -> None:
        self.times, self._text, self._fails = 0, text, fails

    def __call__(self, folder: Path) -> Made:
        self.times += 1
        (folder / "inner").mkdir()
        (folder / "inner" / "text").write_text(self._text)
        if self._fails:
            raise ValueError("no")
        return Made({}, {"said": [self._text]})


def done(folder: Path, writer: Writer, key: str = KEY) -> Finished:
    return Steps(folder).run("write", key, writer)


def test_a_finished_step_is_not_done_again(tmp_path: Path) -> None:
    writer = Writer()
    first, second = done(tmp_path, writer), done(tmp_path, writer)
    assert writer.times == 1
    assert (first.again, second.again) == (False, True)
    assert second.result == first.result == {"said": ["hello"]}
    assert second.files == first.files
    assert second.root == first.root
    assert (second.folder / "inner" / "text").read_text() == "hello"


def test_other_inputs_do_it_again(tmp_path: Path) -> None:
    writer = Writer()
    done(tmp_path, writer)
    done(tmp_path, writer, step_key(2, text="hello"))
    assert writer.times == 2


@pytest.mark.parametrize("harm", ["changed", "missing", "extra", "record", "link"])
def test_what_is_not_as_it_was_recorded_is_done_again(tmp_path: Path, harm: str) -> None:
    writer = Writer()
    inner = done(tmp_path, writer).folder / "inner"
    match harm:
        case "changed":
            (inner / "text").write_text("hullo")
        case "missing":
            (inner / "text").unlink()
        case "extra":
            (inner / "more").touch()
        case "link":
            (inner / "text").unlink()
            (inner / "text").symlink_to("/etc/hostname")
        case _:
            (tmp_path / "write.json").write_text('{"key": 3')
    again = done(tmp_path, writer)
    assert writer.times == 2
    assert (again.folder / "inner" / "text").read_text() == "hello"


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"):
        done(tmp_path, Writer(fails=True))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_deleted(tmp_path: Path) -> None:
    for left in ("write.partial", "write"):
        (tmp_path / left / "inner").mkdir(parents=True)
    finished = done(tmp_path, Writer())
    assert set(finished.files) == {"inner/text"}
    assert not (tmp_path / "write.partial").exists()


def test_steps_that_nobody_wants_any_more_give_their_room_back(tmp_path: Path) -> None:
    done(tmp_path, Writer())
    Steps(tmp_path).run("other", KEY, Writer())
    Steps(tmp_path).keep_only({"write"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["write", "write.json"]
