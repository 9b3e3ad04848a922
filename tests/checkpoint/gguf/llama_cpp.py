"""Real llama.cpp, loading a file of ours: what it continues, and how it cuts text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import xllamacpp


class LlamaCpp:
    """A model in llama.cpp, on one thread of the processor."""

    def __init__(self, path: Path) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel, params.n_gpu_layers = 512, 1, 0
        params.warmup, params.fit_params, params.verbosity = False, False, 0
        params.cpuparams.n_threads = 1
        params.cpuparams_batch.n_threads = 1
        self._server = xllamacpp.Server(params)
        self._client = httpx.Client(base_url=self._server.listening_address, verify=False)

    def continued(self, prompt: str | Sequence[int], tokens: int) -> str:
        """The likeliest continuation."""
        made: Any = self._server.handle_completions(
            {"prompt": prompt, "max_tokens": tokens, "temperature": 0}
        )
        text: str = made["choices"][0]["text"]
        return text

    def tokens(self, text: str, *, parse_special: bool = False) -> list[int]:
        """The ids of a text, without a beginning."""
        asked = {"content": text, "add_special": False, "parse_special": parse_special}
        return self._ask("tokenize", asked)["tokens"]

    def text(self, ids: Sequence[int]) -> str:
        """The text of ids."""
        return self._ask("detokenize", {"tokens": list(ids)})["content"]

    def _ask(self, route: str, question: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(f"/{route}", json=question)
        return answer.raise_for_status().json()
