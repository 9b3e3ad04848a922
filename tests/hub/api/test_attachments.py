"""Attachments: what may be uploaded, who may read it, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from paddock import clock
from paddock.hub.attachments import keeping
from paddock.hub.attachments.tables import attachments
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def upload(hosted: Hosted, content: bytes = PNG, kind: str = "image/png") -> httpx.Response:
    return hosted.http.post("/uploads", content=content, headers={"Content-Type": kind})


def test_the_stock_client_uploads_every_kind(hosted: Hosted, tmp_path: Path) -> None:
    heads = {
        "png": PNG,
        "jpg": b"\xff\xd8\xff\xe0" + bytes(20),
        "gif": b"GIF89a" + bytes(20),
        "webp": b"RIFF\1\1\1\1WEBPVP8 ",
        "mp4": b"\0\0\0\x20ftypisom" + bytes(20),
        "mov": b"\0\0\0\x14ftypqt  " + bytes(20),
        "webm": b"\x1a\x45\xdf\xa3" + bytes(20),
        "mp3": b"ID3\4" + bytes(20),
        "wav": b"RIFF\1\1\1\1WAVEfmt ",
    }
    for extension, content in heads.items():
        file = tmp_path / f"file.{extension}"
        file.write_bytes(content)
        url = hosted.hf.upload_attachment(file)
        assert url.startswith(f"{hosted.server.url}/uploads/")
        got = hosted.http.get(url)
        assert got.content == content
        is_image = extension in {"png", "jpg", "gif", "webp"}
        assert got.headers["Content-Disposition"] == ("inline" if is_image else "attachment")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in got.headers["Content-Security-Policy"]
    part = hosted.http.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"\1\1\1\1")


def test_who_may_see_the_comment_may_see_the_picture(hosted: Hosted) -> None:
    url = upload(hosted).text
    token = hosted.server.user("passer-by")
    with (
        hosted.stranger() as stranger,
        httpx.Client(headers={"Authorization": f"Bearer {token}"}) as other,
    ):
        assert (stranger.get(url).status_code, other.get(url).status_code) == (404, 404)
        # Naming it elsewhere, by somebody who may not read it, does not help.
        api = hosted.server.api(token)
        api.create_repo("passer-by/own", exist_ok=True)
        api.create_discussion("passer-by/own", "Look", description=f"![x]({url})")
        assert other.get(url).status_code == 404
        hosted.hf.create_discussion(hosted.repo_id, "Look here", description=f"![x]({url})")
        assert stranger.get(url).status_code == 200
        hosted.hf.update_repo_settings(hosted.repo_id, private=True)
        assert (stranger.get(url).status_code, other.get(url).status_code) == (404, 404)
        hosted.hf.update_repo_settings(hosted.repo_id, private=False)
        comment = hosted.hf.get_discussion_details(hosted.repo_id, 1).events[0]
        with pytest.warns(UserWarning):
            hosted.hf.hide_discussion_comment(hosted.repo_id, 1, comment.id)
        assert stranger.get(url).status_code == 404
        assert hosted.http.get(url).status_code == 200  # the uploader's own


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"<svg onload=alert(1)>", "image/svg+xml", 415),
        (b"<script>alert(1)</script>", "text/html", 415),
        (b"<script>alert(1)</script>", "image/png", 415),
        (PNG, "image/gif", 415),
        (PNG, "", 415),
        (b"", "image/png", 415),
        (PNG + bytes(10_000_001), "image/png", 413),
    ],
)
def test_other_files_are_refused(hosted: Hosted, content: bytes, kind: str, status: int) -> None:
    assert upload(hosted, content, kind).status_code == status


def test_strangers_upload_nothing(hosted: Hosted) -> None:
    headers = {"Content-Type": "image/png"}
    with hosted.stranger() as stranger:
        assert stranger.post("/uploads", content=PNG, headers=headers).status_code == 401
        for path in ("/uploads/x/y.png", "/uploads/x/%00.png", "/uploads/x/" + "y" * 300):
            assert stranger.get(path).status_code in {400, 404}


def test_a_user_has_so_much_room(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MAX_BYTES_OF_A_USER", 2 * len(PNG))
    assert [upload(hosted).status_code for _ in range(3)] == [200, 200, 413]


def test_what_no_comment_shows_is_forgotten_after_a_day(hosted: Hosted) -> None:
    used, unused, new = (upload(hosted).text for _ in range(3))
    hosted.hf.create_discussion(hosted.repo_id, "Look here", description=used)
    database = hosted.server.hub.database
    with database.write() as conn:
        old = attachments.c.name != new.rsplit("/", 1)[1]
        long_ago = clock.now() - timedelta(days=2)
        conn.execute(attachments.update().where(old).values(created_at=long_ago))
        assert keeping.sweep(conn) >= 1
    assert [hosted.http.get(url).status_code for url in (used, unused, new)] == [200, 404, 200]
