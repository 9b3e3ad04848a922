"""Many requests at once on paddock's engine: tokens in a second, prompts included."""

from __future__ import annotations

import json
import time
from pathlib import Path

from benchmarks.engine_programs.paddock_program import Timed
from benchmarks.engine_programs.timing import arguments, prompts


def main() -> None:
    path, precision, sizes = arguments()
    streams, new = sizes["streams"], sizes["new"]
    room = {"batches": [streams], "prompt": sizes["prompt"], "new": new, "prefill": 0}
    timed = Timed(Path(path), precision, room, prefix_cache=True)
    rates = []
    for seed in range(sizes["rounds"] + 1):
        asked = prompts(streams, sizes["prompt"], vocabulary=sizes["tokens"], seed=seed, first=5)
        began = time.perf_counter()
        timed.generate(asked, new)
        rates.append(streams * new / (time.perf_counter() - began))
    timed.engine.stop()
    print(json.dumps(rates[1:]))


if __name__ == "__main__":
    main()
