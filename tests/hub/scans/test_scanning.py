"""Files of main are looked at in the background; what a pickle would do is told to whoever asks."""

from __future__ import annotations

import io
import pickle
import zipfile

import pytest
import torch
from huggingface_hub import CommitOperationAdd, HfApi

from tests.clients.hf_api.world import weights
from tests.live import LiveServer


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("it ran",)


def torch_file() -> bytes:
    file = io.BytesIO()
    torch.save({"w": torch.zeros(2, 3)}, file)
    return file.getvalue()


def evil_torch_file() -> bytes:
    """A PyTorch file whose pickle calls something else than tensors need."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(torch_file())) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename.endswith("data.pkl"):
                content = pickle.dumps({"w": Evil()}, protocol=2)
            new.writestr(member, content)
    return changed.getvalue()


FILES = {
    "model.safetensors": (weights(), "safe"),
    "broken.safetensors": (b"\xff" * 100, "unsafe"),
    "good.bin": (torch_file(), "safe"),
    "evil.bin": (evil_torch_file(), "unsafe"),
    "old.pt": (pickle.dumps(Evil(), protocol=2), "suspicious"),
    "cut.pth": (torch_file()[:300], "suspicious"),
    "text.bin": (b"cos\nsystem\n(S'true'\ntR.", "suspicious"),
    "hidden.bin": (b"cos\nsystem\n(S'true'\ntR\0\0\0", "suspicious"),
    "padded.ckpt": (b"S'" + b"a" * (1 << 20) + b"'\n0cos\nsystem\n(S'true'\ntR.", "suspicious"),
    "any.pkl": (pickle.dumps([1]), "suspicious"),
    "numbers.bin": (b"\0\1\2" * 500, "safe"),
    "config.json": (b"{}", "unscanned"),
}


@pytest.fixture
def repo(server_on_each: LiveServer) -> tuple[HfApi, str]:
    api = server_on_each.admin_api
    api.create_repo("boss/files")
    operations = [CommitOperationAdd(path, content) for path, (content, _) in FILES.items()]
    api.create_commit("boss/files", operations, commit_message="files")
    server_on_each.run_jobs()
    return api, "boss/files"


def test_each_file_gets_the_verdict_that_its_bytes_deserve(
    repo: tuple[HfApi, str], capfd: pytest.CaptureFixture[str]
) -> None:
    api, name = repo
    found = {
        entry.path: entry.security.status
        for entry in api.get_paths_info(name, list(FILES), expand=True)
    }
    assert found == {path: status for path, (_, status) in FILES.items()}
    status = api.model_info(name, securityStatus=True).security_repo_status
    assert status["scansDone"] is True
    assert {issue["path"]: issue["level"] for issue in status["filesWithIssues"]} == {
        path: level for path, level in found.items() if level in ("unsafe", "suspicious")
    }
    assert "it ran" not in capfd.readouterr().out


def test_a_new_commit_is_looked_at_too(repo: tuple[HfApi, str], server_on_each: LiveServer) -> None:
    api, name = repo
    api.upload_file(path_or_fileobj=pickle.dumps(Evil()), path_in_repo="new.pkl", repo_id=name)
    server_on_each.run_jobs()
    (entry,) = api.get_paths_info(name, ["new.pkl"], expand=True)
    assert entry.security.status == "suspicious"
