from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from paddock.engine.request import Request
from tests.clients.installing import javascript_package
from tests.fakes.scripted_model import ScriptedBackend
from tests.serve.api.live_api import LiveApi
from tests.serve.process import until

JAVASCRIPT = "openai@6.49.0"
PROGRAM = Path(__file__).parent / "javascript_client.mjs"


def test_the_official_javascript_client_works_unmodified(
    api: LiveApi, model: ScriptedBackend
) -> None:
    folder = javascript_package("openai-javascript", JAVASCRIPT)

    def script(asked: Request) -> str:
        seen = model.tokenizer.decode(asked.prompt)
        if "use the tool" in seen and "sunny" not in seen:
            return '{"name": "weather", "parameters": {"city": "Paris"}}'
        return "Hello!"

    model.script = script
    program = folder / f"client-{os.getpid()}.mjs"  # beside the package that it imports
    shutil.copyfile(PROGRAM, program)
    try:
        done = subprocess.run(
            ["node", str(program), f"{api.url}/v1", api.model],
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        program.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    until(lambda: model.open == 0)
