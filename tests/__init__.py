"""Before anything imports the stock client: it gets a home of its own, new in every test process.

Its Xet cache remembers, by a server's address, what that server holds; test servers come and go.
Where temporary files are is settled before anything asks, too, and so is that torch counts in one
thread: tests run side by side, and threads that outnumber the cores mostly wait for each other.
"""

import atexit
import os
import shutil
import tempfile

from tests.temporary import prefer_memory

prefer_memory()
os.environ.setdefault("OMP_NUM_THREADS", "1")
_home = tempfile.mkdtemp(prefix="paddock-client-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["HF_HOME"] = _home
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
for _name in ("HF_XET_CACHE", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "HF_HUB_DISABLE_XET"):
    os.environ.pop(_name, None)
