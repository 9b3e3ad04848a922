"""Liking from a page: the button, who likes it, what one likes."""

from __future__ import annotations

import pytest

from paddock.web.social import likes
from tests.hub.api.hosted import host
from tests.live import LiveServer
from tests.web.visitors import told, visitors


def test_a_person_likes_a_repository_and_no_longer(shared_server: LiveServer) -> None:
    with host(shared_server) as hosted, visitors(shared_server, "like-ann") as (ann,):
        at = f"/{hosted.repo_id}"
        assert "Nobody yet" in told(ann.read(f"{at}/likers"))
        assert "Nothing yet" in told(ann.read("/likes"))
        assert ann.done(f"{at}/like", wanted="1") == at
        assert ann.done(f"{at}/like", wanted="1", next="/likes") == "/likes"
        assert hosted.hf.model_info(hosted.repo_id).likes == 1
        assert "like-ann" in told(ann.read(f"{at}/likers"))
        assert hosted.repo_id in told(ann.read("/likes"))
        assert ann.send(f"{at}/like", wanted="2").status_code == 400
        ann.done(f"{at}/like", wanted="0")
        assert "Nobody yet" in told(ann.read(f"{at}/likers"))


def test_a_script_is_told_in_json(shared_server: LiveServer) -> None:
    with host(shared_server) as hosted, visitors(shared_server, "like-ben") as (ben,):
        wants = {"Accept": "application/json"}
        answer = ben.browser.post(
            f"/{hosted.repo_id}/like", data={"form_key": ben.key, "wanted": "1"}, headers=wants
        )
        assert answer.json() == {"likes": 1, "isLiked": True}


def test_lists_of_likes_come_in_pages_and_tell_no_secrets(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likes, "_PAGE", 2)
    with host(shared_server) as hosted, visitors(shared_server, "like-cat") as (cat,):
        owner = hosted.repo_id.split("/")[0]
        for number in range(4):
            hosted.hf.create_repo(f"{owner}/m{number}")
            cat.done(f"/{owner}/m{number}/like")
        first = cat.read("/likes")
        assert f"{owner}/m3<" in first and f"{owner}/m1<" not in first
        following = first.partition('rel="next" href="')[2].partition('"')[0]
        assert f"{owner}/m1<" in cat.read(following)
        hosted.hf.update_repo_settings(f"{owner}/m3", private=True)
        assert f"{owner}/m3<" not in cat.read("/likes")
        assert cat.get("/likes?cursor=nonsense").status_code == 400
        with hosted.stranger() as stranger:
            assert stranger.get("/likes").headers["location"].startswith("/login")
