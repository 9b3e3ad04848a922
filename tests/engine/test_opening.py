"""Opening a model: which runner, in which precision, and what is refused before it hurts."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import BadElements, TensorMismatch, UnknownCheckpoint
from paddock.config import load_settings
from paddock.engine import opening
from paddock.engine.errors import BadPrecision, ModelTooLarge, NoRunner
from paddock.engine.free_memory import available_memory_bytes
from paddock.engine.native.pack_cache import PackCache
from paddock.engine.opening import (
    OpenOptions,
    choose_runner,
    model_bytes,
    open_model,
    packed_folder,
)
from paddock.engine.precision import Precision, parse_precision
from paddock.engine.step import Runner, Step
from paddock.llama.loading import load_model
from tests.checkpoint.samples import TINY, model_tensors, write_hf_folder, write_model

PROMPT = [1, 5, 9, 33, 2, 60]


def logits_of(runner: Runner) -> np.ndarray:
    """After the prompt's last token."""
    runner.reserve(4)
    count = len(PROMPT)
    step = Step(
        tokens_T=np.array(PROMPT, np.int32),
        starts_S=np.array([0, count], np.int32),
        lengths_S=np.array([count], np.int32),
        tables_SB=np.array([[2]], np.int32),
        adapters_S=np.array([-1], np.int32),
        wanted_R=np.array([count - 1], np.int32),
    )
    logits = runner.logits(step)[0]
    return np.array(logits.float().numpy() if isinstance(logits, torch.Tensor) else logits)


def reference(model: Path) -> np.ndarray:
    with torch.inference_mode():
        logits: np.ndarray = load_model(model, dtype=torch.float32)(torch.tensor([PROMPT]))[
            0, -1
        ].numpy()
    return logits


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_hf_folder(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("runner", ["native", "torch"])
def test_a_checkpoint_runs_as_the_readable_model_does(model: Path, runner: str) -> None:
    opened = open_model(model, OpenOptions(runner=runner, device="cpu", threads=1))
    assert np.allclose(logits_of(opened), reference(model), atol=1e-4)
    opened.close()


def test_a_runner_from_mapped_weights_gives_the_same_bits(model: Path, tmp_path: Path) -> None:
    packed = PackCache(tmp_path / "packed", 1 << 30)
    given = [
        logits_of(open_model(model, OpenOptions(threads=1, device="cpu", packed=each)))
        for each in (None, packed, packed)
    ]
    assert given[0].tobytes() == given[1].tobytes() == given[2].tobytes()
    assert len(list((tmp_path / "packed").iterdir())) == 1


@pytest.mark.parametrize("precision", list(Precision))
def test_every_precision_is_near_the_model(model: Path, precision: Precision) -> None:
    opened = open_model(model, OpenOptions(precision, threads=1, device="cpu"))
    given, wanted = logits_of(opened), reference(model)
    near = {"int4": 0.9, "int8": 0.999}.get(precision.value, 0.9999)
    assert np.corrcoef(given, wanted)[0, 1] > near


def test_gguf_runs_without_being_converted_first(model: Path, tmp_path: Path) -> None:
    convert_checkpoint(model, tmp_path / "m.gguf", ConvertOptions(("gguf",), ("q8_0",)))
    given = logits_of(open_model(tmp_path / "m.gguf", OpenOptions(threads=1, device="cpu")))
    assert np.corrcoef(given, reference(tmp_path / "m.gguf"))[0, 1] > 0.9999


def test_what_a_model_takes_is_known_from_its_headers(model: Path) -> None:
    opened = open_model(model, OpenOptions(threads=1, device="cpu"))
    found = model_bytes(model)
    assert found.block == opened.block_bytes
    assert found.weights >= 4 * TINY.parameter_count()
    assert model_bytes(model, Precision.INT8).weights < found.weights / 2
    int8 = open_model(model, OpenOptions(Precision.INT8, threads=1, device="cpu"))
    assert model_bytes(model, Precision.INT8).block == int8.block_bytes


@pytest.mark.parametrize("runner", ["native", "torch"])
def test_a_model_larger_than_memory_is_refused_before_it_is_read(
    model: Path, monkeypatch: pytest.MonkeyPatch, runner: str
) -> None:
    monkeypatch.setattr(opening, "available_memory_bytes", lambda: 100_000_000)
    (model / "model.safetensors").chmod(0o600)
    with pytest.raises(ModelTooLarge, match="100 MB are free") as refusal:
        open_model(model, OpenOptions(runner=runner, device="cpu"))
    assert refusal.value.status == 503
    assert "int8" in (refusal.value.hint or "")


def test_memory_that_runs_out_all_the_same_is_a_sentence(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: object) -> None:
        raise MemoryError("no 7 bytes")

    monkeypatch.setattr(opening, "load_weights", short)
    with pytest.raises(ModelTooLarge, match="no 7 bytes"):
        open_model(model, OpenOptions(device="cpu"))


def test_an_address_space_too_small_is_a_sentence(model: Path) -> None:
    """A real limit of the system, in a process of its own."""
    program = """
import resource, sys
from pathlib import Path
from paddock.engine.errors import ModelTooLarge
from paddock.engine.native import pack_cache
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
try:
    pack_cache.in_memory(4 << 30, iter(()))
except MemoryError as e:
    print(e)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert "no 4,294,967,296 bytes of memory" in done.stdout


# Free memory, as Linux tells it


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    5000 kB\n"}


def test_the_machine_and_every_control_group_above_are_counted(tmp_path: Path) -> None:
    assert available_memory_bytes(_tree(tmp_path / "a", MEMINFO)) == 5_120_000
    version_2 = MEMINFO | {
        "proc/self/cgroup": "0::/tenant/model\n",
        "sys/fs/cgroup/tenant/model/memory.max": "max\n",
        "sys/fs/cgroup/tenant/model/memory.current": "77\n",
        "sys/fs/cgroup/tenant/memory.max": "3000000\n",
        "sys/fs/cgroup/tenant/memory.current": "1000000\n",
        "sys/fs/cgroup/tenant/memory.stat": "anon 900000\nfile 100000\n",
    }
    assert available_memory_bytes(_tree(tmp_path / "b", version_2)) == 2_100_000
    version_1 = MEMINFO | {
        "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/in/a/container\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "1999000\n",
        "sys/fs/cgroup/memory/memory.stat": "total_cache 4\ncache 4\n",
    }
    assert available_memory_bytes(_tree(tmp_path / "c", version_1)) == 1004


def test_a_system_that_tells_nothing_refuses_nothing(tmp_path: Path) -> None:
    assert available_memory_bytes(tmp_path) is None
    odd = {"proc/meminfo": "MemAvailable: lots\n", "proc/self/cgroup": "what\n0::/../../etc\n"}
    assert available_memory_bytes(_tree(tmp_path / "odd", odd)) is None


# Which runner


def test_without_the_compiled_step_torch_runs_or_a_sentence_says_how(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "step_library", lambda: None)
    assert choose_runner(OpenOptions(device="cpu")) == "torch"
    with pytest.raises(NoRunner, match="compiled step is not there"):
        choose_runner(OpenOptions(runner="native"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NoRunner, match="neither") as refusal:
        open_model(model)
    assert "C compiler" in (refusal.value.hint or "")


def test_without_torch_the_compiled_step_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert choose_runner(OpenOptions()) == "native"
    for wanted in (OpenOptions(runner="torch"), OpenOptions(device="cuda")):
        with pytest.raises(NoRunner, match="PyTorch is not installed"):
            choose_runner(wanted)


def test_a_gpu_that_is_seen_is_torch_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_sees_gpu", lambda: True)
    assert choose_runner(OpenOptions()) == "torch"
    assert choose_runner(OpenOptions(device="cpu")) == "native"
    assert choose_runner(OpenOptions(runner="native")) == "native"


def test_a_gpu_without_room_for_the_model_is_left_alone(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that torch cannot use at all."""
    monkeypatch.setattr(opening, "_sees_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert type(open_model(model, OpenOptions(threads=1))).__name__ == "NativeRunner"
    assert type(open_model(model, OpenOptions(runner="torch"))).__name__ == "TorchRunner"


def test_wishes_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(NoRunner, match="on no GPU"):
        choose_runner(OpenOptions(runner="native", device="cuda:1"))
    with pytest.raises(NoRunner, match="'fast'"):
        choose_runner(OpenOptions(runner="fast"))


def test_opening_with_the_compiled_step_imports_no_torch(model: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from paddock.engine.opening import *;"
        "open_model(Path(sys.argv[1]), OpenOptions(device='cpu', threads=1));"
        "print(sorted({'torch', 'transformers', 'fastapi'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(model)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "[]\n"


# Bad input


def test_precisions_are_known_by_name() -> None:
    assert parse_precision("int4") is Precision.INT4
    with pytest.raises(BadPrecision, match="'int5'"):
        parse_precision("int5")


def test_settings_say_where_packed_weights_are(tmp_path: Path) -> None:
    environ = {"PADDOCK_PACKED_FOLDER": str(tmp_path), "PADDOCK_PACKED_BYTES": "7"}
    assert packed_folder(load_settings(environ=environ)) == PackCache(tmp_path, 7)
    assert packed_folder(load_settings(environ=environ | {"PADDOCK_PACKED_BYTES": "0"})) is None


@pytest.mark.parametrize("runner", ["native"])
def test_weights_that_are_no_numbers_are_refused_by_name(tmp_path: Path, runner: str) -> None:
    folder = tmp_path / "broken"
    write_hf_folder(folder)
    tensors = [
        replace(each, pieces=lambda each=each: iter([b"\xff" * each.size_bytes]))
        if "v_proj" in each.name
        else each
        for each in model_tensors(TINY)
    ]
    write_model(folder, tensors)
    with pytest.raises(BadElements, match="v_proj"):
        open_model(folder, OpenOptions(runner=runner, device="cpu"))


def test_wrong_tensors_and_no_model_are_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(UnknownCheckpoint):
        open_model(tmp_path / "nowhere")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"intermediate_size": 64}))
    with pytest.raises(TensorMismatch, match="the configuration says"):
        open_model(model)
