"""Merging trees: only what both sides changed in different ways is a conflict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.discussions.merging import MergedTree, Trees, merge_trees
from paddock.hub.git.objects import ObjectType, make_object, object_oid
from paddock.hub.git.trees import (
    EMPTY_TREE_OID,
    EXECUTABLE_MODE,
    FILE_MODE,
    FOLDER_MODE,
    TreeEntry,
    read_tree,
    render_tree,
)

Files = dict[str, bytes]


class Store:
    """Trees in memory."""

    def __init__(self) -> None:
        self.trees: dict[str, bytes] = {EMPTY_TREE_OID: b""}

    def read(self, oids: list[str]) -> dict[str, list[TreeEntry]]:
        return {oid: read_tree(self.trees[oid]) for oid in oids}

    def write(self, files: Files, modes: dict[str, int] | None = None, path: str = "") -> str:
        entries = []
        for name in {p.removeprefix(path).split("/")[0] for p in files if p.startswith(path)}:
            full = path + name
            if full in files:
                oid = object_oid(ObjectType.BLOB, files[full])
                entries.append(TreeEntry(name, (modes or {}).get(full, FILE_MODE), oid))
            else:
                entries.append(TreeEntry(name, FOLDER_MODE, self.write(files, modes, f"{full}/")))
        tree = make_object(ObjectType.TREE, render_tree(entries))
        self.trees[tree.oid] = tree.content or b""
        return tree.oid

    def merge(self, *sides: Files) -> MergedTree:
        trees = Trees(*(self.write(files) for files in sides))
        merged = merge_trees(self.read, lambda _: None, trees)
        self.trees.update((tree.oid, tree.content or b"") for tree in merged.objects)
        return merged


def test_both_sides_changes_come_together() -> None:
    base = {"a": b"1", "b": b"1", "d/c": b"1", "d/e/f": b"1", "gone": b"1"}
    ours = {**base, "a": b"2", "d/new": b"2"}
    theirs = {"a": b"1", "b": b"3", "d/c": b"1", "d/e/f": b"3", "d/e/g": b"3"}
    store = Store()
    merged = store.merge(base, ours, theirs)
    expected = {"a": b"2", "b": b"3", "d/c": b"1", "d/e/f": b"3", "d/e/g": b"3", "d/new": b"2"}
    assert merged.conflicts == []
    assert merged.oid == store.write(expected)


def test_conflicts_are_named_by_their_files() -> None:
    base = {"a": b"1", "b": b"1", "d/c": b"1", "d/e": b"1", "same": b"1", "file": b"1"}
    ours = {"a": b"2", "b": b"2", "same": b"5", "file/x": b"1", "both": b"1"}
    theirs = {"a": b"3", "d/c": b"3", "d/e": b"1", "same": b"5", "file": b"2", "both": b"2"}
    assert Store().merge(base, ours, theirs).conflicts == ["a", "b", "both", "d/c", "file"]


def test_a_new_mode_and_a_new_content_are_no_conflict() -> None:
    store = Store()
    base, theirs = store.write({"run.sh": b"1"}), store.write({"run.sh": b"2"})
    ours = store.write({"run.sh": b"1"}, {"run.sh": EXECUTABLE_MODE})
    merged = merge_trees(store.read, lambda _: None, Trees(base, ours, theirs))
    assert merged.conflicts == []
    assert merged.oid == store.write({"run.sh": b"2"}, {"run.sh": EXECUTABLE_MODE})


def test_a_folder_that_both_emptied_is_gone() -> None:
    store = Store()
    base = {"d/a": b"1", "d/b": b"1"}
    merged = store.merge(base, {"d/a": b"1"}, {"d/b": b"1"})
    assert (merged.oid, merged.conflicts) == (EMPTY_TREE_OID, [])


names = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/f"])
files = st.dictionaries(names, st.sampled_from([b"1", b"2"]))


@given(files, files, files)
def test_every_file_is_as_the_side_that_changed_it_has_it(
    base: Files, ours: Files, theirs: Files
) -> None:
    conflicts, expected = set(), {}
    for path in {*base, *ours, *theirs}:
        was, here, there = base.get(path), ours.get(path), theirs.get(path)
        if here == there or was == there:
            chosen = here
        elif was == here:
            chosen = there
        else:
            conflicts.add(path)
            continue
        if chosen is not None:
            expected[path] = chosen
    store = Store()
    merged = store.merge(base, ours, theirs)
    assert set(merged.conflicts) == conflicts
    if not conflicts:
        assert merged.oid == (store.write(expected) if expected else EMPTY_TREE_OID)


def test_a_text_that_both_sides_changed_in_different_places_gets_both_changes() -> None:
    store = Store()
    texts = {
        side: {"README.md": content}
        for side, content in {
            "base": b"# Title\n\none\n\ntwo\n",
            "ours": b"# A title\n\none\n\ntwo\n",
            "theirs": b"# Title\n\none\n\ntwo\n\nthree\n",
        }.items()
    }
    blobs = {
        object_oid(ObjectType.BLOB, files["README.md"]): files["README.md"]
        for files in texts.values()
    }
    trees = Trees(*(store.write(files) for files in texts.values()))
    merged = merge_trees(store.read, blobs.get, trees)
    assert merged.conflicts == []
    assert merged.oid == store.write({"README.md": b"# A title\n\none\n\ntwo\n\nthree\n"})
    assert any(item.type is ObjectType.BLOB for item in merged.objects)
