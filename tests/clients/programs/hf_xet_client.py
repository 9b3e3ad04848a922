"""What a program that uses hf-xet by itself does with a hub; runs with every hf-xet since 1.1.

Files of every kind go up and come down by its functions and, where it has them, by its sessions;
then they are committed by plain HTTP, and plain HTTP gives the same bytes.
"""

import hashlib
import json
import os
import pathlib
import random
import struct
import sys
import tempfile
import urllib.request

import hf_xet

ENDPOINT, SECRET = os.environ["HF_ENDPOINT"], os.environ["HF_TOKEN"]
repo = sys.argv[1]
dice = random.Random(repo)
noise = dice.randbytes(3_000_000)
FILES = {
    "noise.bin": noise,
    "longer.bin": noise[:1_500_000] + b"eight by" + noise[1_500_000:],
    "floats.bin": struct.pack("<250000f", *(dice.gauss(0, 1) for _ in range(250_000))),
    "zeros.bin": bytes(5_000_000),
    "same.bin": noise,
    "one.bin": b"x",
    "empty.bin": b"",
}
folder = pathlib.Path(tempfile.mkdtemp())


def ask(path, body=None, **headers):
    headers["Authorization"] = f"Bearer {SECRET}"
    request = urllib.request.Request(ENDPOINT + path, body, headers)
    return urllib.request.urlopen(request, timeout=60)


def grant(kind):
    told = json.load(ask(f"/api/models/{repo}/xet-{kind}-token/main"))
    return told["casUrl"], (told["accessToken"], told["exp"])


def access(kind):
    """Arguments of every function: the first token has ended, so each of them must ask for one."""
    cas, (token, _) = grant(kind)
    return cas, (token, 1), lambda: grant(kind)[1], None


def by_functions():
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    paths = [str(folder / name) for name in FILES]
    told = hf_xet.upload_files(paths, *access("write"), None)
    if hasattr(hf_xet, "hash_files"):
        assert [one.hash for one in hf_xet.hash_files(paths)] == [one.hash for one in told]
    again = hf_xet.upload_bytes(list(FILES.values()), *access("write"), None)
    assert [one.hash for one in again] == [one.hash for one in told]
    wanted = [
        hf_xet.PyXetDownloadInfo(str(folder / f"got-{name}"), one.hash, len(content))
        for (name, content), one in zip(FILES.items(), told, strict=True)
        if content
    ]
    hf_xet.download_files(wanted, *access("read"))
    for name, content in FILES.items():
        assert not content or (folder / f"got-{name}").read_bytes() == content, name
    return {name: one.hash for name, one in zip(FILES, told, strict=True)}


def by_session(hashes):
    session = hf_xet.XetSession()

    def way(kind):
        url = f"{ENDPOINT}/api/models/{repo}/xet-{kind}-token/main"
        return {
            "token_refresh_url": url,
            "token_refresh_headers": {"Authorization": f"Bearer {SECRET}"},
        }

    streamed = dice.randbytes(400_000)
    with session.new_upload_commit(**way("write")) as commit:
        upload = commit.start_upload_bytes(FILES["noise.bin"])
        stream = commit.start_upload_stream(name="streamed.bin")
        for at in range(0, len(streamed), 70_000):
            stream.write(streamed[at : at + 70_000])
        last = stream.finish()
    assert upload.result().xet_info.hash == hashes["noise.bin"]

    noise = hf_xet.XetFileInfo(hashes["noise.bin"], len(FILES["noise.bin"]))
    with session.new_file_download_group(**way("read")) as group:
        group.start_download_file(noise, str(folder / "whole.bin"))
        group.start_download_file(last.xet_info, str(folder / "streamed.bin"))
    assert (folder / "whole.bin").read_bytes() == FILES["noise.bin"]
    assert (folder / "streamed.bin").read_bytes() == streamed
    streams = session.new_download_stream_group(**way("read"))
    for start, end in [(0, 1), (1, 200_000), (131_000, 132_000), (2_999_999, 3_000_000)]:
        pieces = streams.download_stream(noise, start, end)
        assert b"".join(pieces) == FILES["noise.bin"][start:end], (start, end)
    loose = bytearray(1_000_000)
    for at, piece in streams.download_unordered_stream(noise, 500_000, 1_500_000):
        loose[at : at + len(piece)] = piece
    assert loose == FILES["noise.bin"][500_000:1_500_000]


def commit_and_fetch(hashes):
    lines = [{"key": "header", "value": {"summary": "by hf-xet alone"}}]
    for name, content in FILES.items():
        oid = hashlib.sha256(content).hexdigest()
        value = {"path": name, "algo": "sha256", "oid": oid, "size": len(content)}
        lines.append({"key": "lfsFile", "value": value})
    body = "\n".join(map(json.dumps, lines)).encode()
    ask(f"/api/models/{repo}/commit/main", body, **{"Content-Type": "application/x-ndjson"})
    for name, content in FILES.items():
        answer = ask(f"/{repo}/resolve/main/{name}")
        assert answer.read() == content, name
        assert answer.headers["X-Xet-Hash"] in {None, hashes[name]}, name


hashes = by_functions()
if hasattr(hf_xet, "XetSession"):
    by_session(hashes)
commit_and_fetch(hashes)
