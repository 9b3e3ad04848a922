"""A scanner of somebody else's that hangs, crashes, floods, lies or wants everything."""

from __future__ import annotations

import sys
from pathlib import Path

_HONEST = 'print("Scanned files: 1\\nInfected files: 0\\nSuspicious globals: 0")'
BEHAVIOURS = {
    "honest": _HONEST,
    "hangs": "import time\ntime.sleep(600)",
    "hangs after its answer": f"{_HONEST}\nimport sys, time\nsys.stdout.flush()\ntime.sleep(600)",
    "spins": "while True: pass",
    "crashes": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "raises": "raise RuntimeError('no')",
    "floods": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
    "says nothing": "pass",
    "says nonsense": "print('Infected files: many')",
    "wants memory": "x = bytearray(64 << 30)",
    "leaves a child": "import os, sys, time\nif os.fork() == 0: time.sleep(600)\nsys.exit(0)",
    "closes its output": "import os, time\nos.close(1)\nos.close(2)\ntime.sleep(600)",
    "fills the disk": "open('big', 'wb').write(b'x' * (80 << 20))",
    "prints the environment": "import os\nprint(dict(os.environ))",
    "warns": f"print('WARNING: could not parse')\n{_HONEST}",
    "finds": "print(\"m.pkl: dangerous import 'os system' FOUND\")\nprint('Scanned files: 1\\n"
    "Infected files: 1')\nraise SystemExit(1)",
    "doubts": "print('Scanned files: 1\\nInfected files: 0\\nSuspicious globals: 2')",
    "looks at nothing": "print('Scanned files: 0\\nInfected files: 0\\nSuspicious globals: 0')",
}


def write_scanner(folder: Path, behaviour: str) -> Path:
    """A program that poses as picklescan and behaves so."""
    path = folder / f"picklescan-{behaviour.replace(' ', '-')}"
    path.write_text(f"#!{sys.executable}\n{BEHAVIOURS[behaviour]}\n")
    path.chmod(0o755)
    return path
