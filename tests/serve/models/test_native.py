"""Files to an engine that runs: its cache within the budget, its adapters, its draft."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from paddock.checkpoint.opening import open_checkpoint
from paddock.engine import engine
from paddock.engine.lora_folder import read_adapter
from paddock.engine.native.pack_cache import PackCache
from paddock.engine.opening import OpenOptions
from paddock.engine.request import Request
from paddock.engine.speculation.costs import Costs
from paddock.kernels.step_library import step_library
from paddock.serve.errors import NoMemory
from paddock.serve.models.catalogue import Adapter
from paddock.serve.models.loaded import Loaded, Need
from paddock.serve.models.native import NativeLoader, NativeOptions
from paddock.starter import starter_folder

OPTIONS = NativeOptions(OpenOptions(threads=1), max_sequences=4)
GB = 1 << 30

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture
def adapter(tmp_path: Path) -> Adapter:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(starter_folder())
    model = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "down_proj"]))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if ".lora_" in name:
                weights.normal_()
    model.save_pretrained(tmp_path / "spice")
    return Adapter("spice", tmp_path / "spice")


def test_adapters_count_with_what_they_take(adapter: Adapter) -> None:
    loader = NativeLoader(OPTIONS)
    need = loader.need(starter_folder(), (adapter, adapter), GB)
    size_bytes = read_adapter(adapter.path, open_checkpoint(starter_folder()).config).size_bytes
    alone = loader.need(starter_folder(), (), GB)
    assert need.weights_bytes == alone.weights_bytes + 2 * size_bytes
    assert need.cache_bytes == alone.cache_bytes


async def answer(loaded: Loaded, name: str, adapter: str | None = None) -> list[int]:
    prompt = tuple(loaded.tokenizer.encode("The teapot"))
    request = Request(name, prompt, 12, adapter=adapter)
    async with loaded.backend.outputs(request) as outputs:
        return [token async for each in outputs for token in each.token_ids]


def test_an_adapter_changes_answers_of_its_own_name_alone(adapter: Adapter) -> None:
    async def story() -> None:
        loader = NativeLoader(OPTIONS)
        need = loader.need(starter_folder(), (), GB)
        loaded = await loader.load(starter_folder(), (adapter,), need)
        try:
            plain, spiced, again = await asyncio.gather(
                answer(loaded, "1"), answer(loaded, "2", "spice"), answer(loaded, "3")
            )
            assert plain == again != spiced
        finally:
            loaded.close()
            loaded.close()

    asyncio.run(story())


def test_a_draft_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    # Measured, a draft model as large as the model would be found to cost too much.
    monkeypatch.setattr(engine, "costs_of", lambda *_: Costs(free_rows=16, draft_cost=0.2))

    async def story() -> None:
        answers = []
        for options in (OPTIONS, replace(OPTIONS, draft=starter_folder())):
            loader = NativeLoader(options)
            need = loader.need(starter_folder(), (), GB)
            loaded = await loader.load(starter_folder(), (), need)
            answers.append(await answer(loaded, "1"))
            stats = loaded.stats()
            assert stats is not None
            loaded.close()
        assert answers[0] == answers[1]
        assert stats.counters.accepted_tokens > 0

    asyncio.run(story())


def test_a_small_budget_shortens_the_context_and_a_tiny_one_is_refused() -> None:
    async def story() -> None:
        loader = NativeLoader(OPTIONS)
        whole = loader.need(starter_folder(), (), GB)
        small = loader.need(starter_folder(), (), whole.weights_bytes + 1)
        assert small.cache_bytes < whole.cache_bytes / 4
        loaded = await loader.load(starter_folder(), (), small)
        assert 256 <= loaded.context < 512
        loaded.close()
        with pytest.raises(NoMemory, match="too small"):
            await loader.load(starter_folder(), (), Need(whole.weights_bytes, 1000))

    asyncio.run(story())


@pytest.mark.skipif(step_library() is None, reason="the step is not compiled")
def test_a_load_that_nobody_wants_any_more_stops_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, count = Event(), 0

    def endless(*_wanted: object) -> Iterator[memoryview]:
        nonlocal count
        while True:
            count += 1
            yield memoryview(bytes(1000))
            begun.set()
            time.sleep(0.001)

    monkeypatch.setattr("paddock.engine.native.loading.packed_pieces", endless)
    opening = OpenOptions(threads=1, packed=PackCache(tmp_path, GB))

    def files() -> str:
        return " ".join(path.name for path in tmp_path.iterdir())

    async def story() -> None:
        loader = NativeLoader(replace(OPTIONS, opening=opening))
        need = loader.need(starter_folder(), (), GB)
        task = asyncio.create_task(loader.load(starter_folder(), (), need))
        await asyncio.to_thread(begun.wait)
        assert ".partial" in files()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        packed = count
        await asyncio.sleep(0.05)
        assert count == packed
        assert files() == ""

    asyncio.run(story())


def test_an_adapter_that_is_none_leaves_no_engine_behind(tmp_path: Path) -> None:
    async def story() -> None:
        loader = NativeLoader(OPTIONS)
        need = loader.need(starter_folder(), (), GB)
        with pytest.raises(Exception, match=r"adapter_config\.json"):
            await loader.load(starter_folder(), (Adapter("x", tmp_path),), need)

    asyncio.run(story())
