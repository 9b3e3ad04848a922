"""``git http-backend`` as a server: the smallest host for it, and what paddock is compared with.

    python -m benchmarks.git_backend FOLDER PORT

Serves every repository below FOLDER, one process of git a request, as a web server with CGI would:
headers become variables, bytes are copied in both directions and not looked at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PIECE_BYTES = 1 << 20


class Handler(BaseHTTPRequestHandler):
    """One request by one process."""

    protocol_version = "HTTP/1.0"  # the end of the connection is the end of the answer
    folder = ""

    def do_GET(self) -> None:
        self._run(b"")

    def do_POST(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self._run(self._read_chunks())
        else:
            self._run(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, *_: object) -> None:
        pass

    def _run(self, body: bytes) -> None:
        address = urlsplit(self.path)
        environ = {
            **os.environ,
            "GIT_PROJECT_ROOT": self.folder,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "bench",
            "REMOTE_ADDR": "127.0.0.1",
        }
        process = subprocess.Popen(
            ["git", "http-backend"], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin and process.stdout
        with process:
            process.stdin.write(body)
            process.stdin.close()
            status, head = "200 OK", []
            while (line := process.stdout.readline().strip()) != b"":
                name, _, value = line.decode().partition(": ")
                if name == "Status":
                    status = value
                else:
                    head.append(f"{name}: {value}\r\n")
            self.wfile.write(f"HTTP/1.0 {status}\r\n{''.join(head)}\r\n".encode())
            shutil.copyfileobj(process.stdout, self.wfile, _PIECE_BYTES)

    def _read_chunks(self) -> bytes:
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        return b"".join(pieces)


def main() -> None:
    Handler.folder = os.path.abspath(sys.argv[1])  # noqa: PTH100
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()


if __name__ == "__main__":
    main()
