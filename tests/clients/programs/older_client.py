"""What an older huggingface_hub does with a hub; run by that version's own interpreter path."""

import os
import pathlib
import sys
import tempfile

from huggingface_hub import HfApi, errors, hf_hub_download, snapshot_download

api = HfApi()
repo = sys.argv[1]
api.create_repo(repo, exist_ok=True)
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "sub").mkdir()
(folder / "weights.safetensors").write_bytes(os.urandom(12_000_000))
(folder / "sub" / "same.bin").write_bytes(b"zz" * 2_000_000)
(folder / "small.txt").write_text("hello")
(folder / "README.md").write_text("---\nlicense: mit\n---\n# Older\n")
api.upload_folder(repo_id=repo, folder_path=folder)
with (folder / "sub" / "same.bin").open("rb") as stream:
    api.upload_file(path_or_fileobj=stream, path_in_repo="again.bin", repo_id=repo)

down = pathlib.Path(snapshot_download(repo, cache_dir=tempfile.mkdtemp()))
for name in ("weights.safetensors", "sub/same.bin", "small.txt", "README.md"):
    assert (down / name).read_bytes() == (folder / name).read_bytes(), name
assert (down / "again.bin").read_bytes() == (folder / "sub" / "same.bin").read_bytes()

api.create_tag(repo, tag="v1")
assert [tag.name for tag in api.list_repo_refs(repo).tags] == ["v1"]
assert "license:mit" in api.model_info(repo).tags


def raises(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error:
        return
    raise AssertionError(f"{error.__name__} was not raised")


raises(errors.EntryNotFoundError, hf_hub_download, repo, "nothing.txt")
raises(errors.RevisionNotFoundError, hf_hub_download, repo, "small.txt", revision="nowhere")
raises(errors.RepositoryNotFoundError, api.model_info, "boss/nothing-there")
