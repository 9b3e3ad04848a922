"""The stock client in a process of its own, timed around the one call that a user waits for.

    python -m benchmarks.stock_client download|snapshot|upload|commit URL TOKEN REPO PATH

Its cache is empty at the beginning. Prints seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def timed(url: str, token: str, action: str, repo: str, path: Path | str, *, xet: bool) -> float:
    """Seconds that the call took in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="client-", dir=os.environ.get("TMPDIR")) as home:
        environ = {
            **os.environ,
            "HF_HOME": home,
            "HF_ENDPOINT": url,
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        command = [sys.executable, "-m", "benchmarks.stock_client", action, url, token, repo, path]
        done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def main(action: str, url: str, token: str, repo: str, path: str) -> None:
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(endpoint=url, token=token or False)
    if action in ("upload", "commit"):
        api.create_repo(repo, exist_ok=True)
    files = sorted(Path(path).rglob("*")) if action == "commit" else []
    adds = [CommitOperationAdd(str(f.relative_to(path)), f) for f in files if f.is_file()]
    started = time.perf_counter()
    if action == "download":
        api.hf_hub_download(repo, path)
    elif action == "snapshot":
        api.snapshot_download(repo)
    elif action == "upload":
        api.upload_folder(repo_id=repo, folder_path=path)
    elif action == "commit":
        api.create_commit(repo, adds, commit_message="many small files")
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
