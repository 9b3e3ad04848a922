"""paddock's engine, in this process. One precision: that of the model's tensors, or one named."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from benchmarks.engine_programs.timing import arguments, measure
from paddock.config import load_settings
from paddock.engine.engine import Engine
from paddock.engine.opening import OpenOptions, open_model, packed_folder
from paddock.engine.options import EngineOptions
from paddock.engine.precision import Precision
from paddock.engine.request import Output, Request


class Timed:
    """An engine whose tokens are noted with the moment at which they came."""

    def __init__(
        self, path: Path, precision: str, sizes: dict, *, prefix_cache: bool = False
    ) -> None:
        opened = OpenOptions(Precision(precision), packed=packed_folder(load_settings()))
        runner = open_model(path, opened)
        largest = max(sizes["batches"])
        each = max(sizes["prompt"] + sizes["new"], sizes["prefill"]) // 16 + 3
        options = EngineOptions(
            blocks=largest * each,
            max_sequences=largest,
            max_step_tokens=max(512, largest),
            prefix_cache=prefix_cache,
        )
        self.vocabulary = runner.config.vocab_size
        self._times: dict[str, list[float]] = {}
        self._left = 0
        self._done = threading.Event()
        self.engine = Engine(runner, options, self._note)
        self.engine.start()

    def generate(self, prompts: list[list[int]], new: int) -> list[list[float]]:
        names = [f"{time.monotonic_ns()}-{i}" for i in range(len(prompts))]
        self._times = {name: [] for name in names}
        self._left = len(names)
        self._done.clear()
        for name, prompt in zip(names, prompts, strict=True):
            self.engine.submit(Request(name, tuple(prompt), new))
        self._done.wait()
        return [self._times[name] for name in names]

    def _note(self, outputs: list[Output]) -> None:
        now = time.perf_counter()
        for output in outputs:
            self._times[output.request_id] += [now] * len(output.token_ids)
            self._left -= output.finish is not None
        if not self._left:
            self._done.set()


def main() -> None:
    path, precision, sizes = arguments()
    timed = Timed(Path(path), precision, sizes)
    measure(timed.generate, sizes, timed.vocabulary)
    timed.engine.stop()


if __name__ == "__main__":
    main()
