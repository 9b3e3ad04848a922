"""The clients that are compared, each in a process of its own, timed around the one call.

    python -m benchmarks.xet_clients KIND up|down ADDRESS NAME PATH

Needs nothing but what that kind needs: a peer's own Python can run it. PATH is the file to send, or
a folder for what is fetched. Prints JSON: seconds, what was sent where the client itself knows it,
and the fetched file's place. Whose repository and whose token it is, the environment says.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Told = dict[str, Any]


def local(action: str, address: str, name: str, path: Path) -> Told:
    """hf-xet and its own store, a folder; hashes are kept beside it, by name."""
    hf_xet = importlib.import_module("hf_xet")
    folder = Path(address)
    endpoint, session = f"local://{folder / 'store'}", hf_xet.XetSession()
    began = time.perf_counter()
    if action == "up":
        commit = session.new_upload_commit(endpoint=endpoint)
        handle = commit.start_upload_file(str(path))
        report = commit.wait_to_finish()
        seconds = time.perf_counter() - began
        (folder / f"{name}.hash").write_text(handle.result().xet_info.hash)
        return {"seconds": seconds, "sent": report.dedup_metrics.total_bytes_uploaded}
    info = hf_xet.XetFileInfo((folder / f"{name}.hash").read_text())
    group = session.new_file_download_group(endpoint=endpoint)
    group.start_download_file(info, str(path / name))
    group.wait_to_finish()
    return {"seconds": time.perf_counter() - began, "path": str(path / name)}


def hub(action: str, address: str, name: str, path: Path) -> Told:
    """The stock client; by Xet unless the environment says otherwise."""
    huggingface_hub = importlib.import_module("huggingface_hub")
    api = huggingface_hub.HfApi(endpoint=f"http://{address}", token=os.environ["BENCH_TOKEN"])
    repo = "admin/bench"
    if action == "up":
        api.create_repo(repo, exist_ok=True)
        began = time.perf_counter()
        api.upload_file(path_or_fileobj=path, path_in_repo=name, repo_id=repo)
        return {"seconds": time.perf_counter() - began}
    began = time.perf_counter()
    fetched = api.hf_hub_download(repo, name, local_dir=path)
    return {"seconds": time.perf_counter() - began, "path": fetched}


def oras(action: str, address: str, name: str, path: Path) -> Told:
    """The Python SDK of ORAS; a file is an artifact's only layer."""
    client = importlib.import_module("oras.client").OrasClient(hostname=address, insecure=True)
    target = f"{address}/bench/{name.lower()}:latest"
    if action == "up":
        os.chdir(path.parent)  # a layer is named as it was given
        began = time.perf_counter()
        client.push(target=target, files=[path.name], disable_path_validation=True)
        return {"seconds": time.perf_counter() - began}
    began = time.perf_counter()
    (fetched,) = client.pull(target=target, outdir=str(path))
    return {"seconds": time.perf_counter() - began, "path": fetched}


def mlflow(action: str, address: str, name: str, path: Path) -> Told:
    """An artifact of a run, through the tracking server."""
    client = importlib.import_module("mlflow.tracking").MlflowClient(f"http://{address}")
    if action == "up":
        run = client.create_run(client.create_experiment(name))
        began = time.perf_counter()
        client.log_artifact(run.info.run_id, str(path))
        return {"seconds": time.perf_counter() - began}
    experiment = client.get_experiment_by_name(name)
    (run,) = client.search_runs([experiment.experiment_id])
    (listed,) = client.list_artifacts(run.info.run_id)
    began = time.perf_counter()
    fetched = client.download_artifacts(run.info.run_id, listed.path, str(path))
    return {"seconds": time.perf_counter() - began, "path": fetched}


KINDS: dict[str, Callable[[str, str, str, Path], Told]] = {
    "local": local,
    "hub": hub,
    "oras": oras,
    "mlflow": mlflow,
}

if __name__ == "__main__":
    told = KINDS[sys.argv[1]](*sys.argv[2:5], Path(sys.argv[5]))
    print(json.dumps(told))
