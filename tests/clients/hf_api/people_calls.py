"""Discussions, collections, gates, webhooks, lists, spaces' settings: each method called once."""

from __future__ import annotations

from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

from tests.clients.hf_api.world import Call, World


def _is(condition: object) -> None:
    assert condition


def _create_discussion(w: World) -> None:
    made = w.bobs.create_discussion(w.repo, "A question", description="Why?")
    assert (made.num, made.status, made.events[0].content) == (1, "open", "Why?")


def _create_pull_request(w: World) -> None:
    made = w.bobs.create_pull_request(w.repo, "An idea")
    assert (made.is_pull_request, made.status, made.git_reference) == (True, "draft", "refs/pr/1")


def _discussions(w: World) -> None:
    w.bobs.create_discussion(w.repo, "A question")
    w.pull_request()
    assert [d.num for d in w.api.get_repo_discussions(w.repo)] == [2, 1]
    asked = w.api.get_repo_discussions(w.repo, author=w.bob, discussion_type="discussion")
    assert [d.title for d in asked] == ["A question"]


def _details(w: World) -> None:
    number = w.pull_request()
    found = w.api.get_discussion_details(w.repo, number)
    assert found.is_pull_request
    assert "+hello" in (found.diff or "")


def _comment(w: World) -> None:
    number = w.bobs.create_discussion(w.repo, "A question").num
    assert w.api.comment_discussion(w.repo, number, "**Because**").content == "**Because**"


def _edit_comment(w: World) -> None:
    found = w.bobs.create_discussion(w.repo, "A question", description="Why")
    edited = w.bobs.edit_discussion_comment(w.repo, found.num, found.events[0].id, "Why?")
    assert (edited.content, edited.edited) == ("Why?", True)


def _hide_comment(w: World) -> None:
    found = w.bobs.create_discussion(w.repo, "A question", description="rude")
    assert w.api.hide_discussion_comment(w.repo, found.num, found.events[0].id).hidden


def _rename(w: World) -> None:
    number = w.bobs.create_discussion(w.repo, "A question").num
    assert w.bobs.rename_discussion(w.repo, number, "Another").new_title == "Another"


def _status(w: World) -> None:
    number = w.bobs.create_discussion(w.repo, "A question").num
    changed = w.api.change_discussion_status(w.repo, number, "closed", comment="answered")
    assert changed.new_status == "closed"


def _merge(w: World) -> None:
    w.api.merge_pull_request(w.repo, w.pull_request(), comment="thank you")
    assert w.api.file_exists(w.repo, "from-bob.txt")


def _attachment(w: World) -> None:
    image = w.folder / "dot.png"
    image.write_bytes(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c"
            "49444154789c63f8cfc000000301010018dd8db00000000049454e44ae426082"
        )
    )
    assert w.api.upload_attachment(image).startswith(w.server.url)


def _collection(w: World) -> str:
    return w.api.create_collection("My models", description="all of them").slug


def _create_collection(w: World) -> None:
    slug = _collection(w)
    assert slug.startswith(f"{w.alice}/my-models-")
    assert w.api.create_collection("My models", exists_ok=True).title == "My models"


def _with_item(w: World) -> tuple[str, str]:
    slug = _collection(w)
    found = w.api.add_collection_item(slug, w.repo, "model", note="the first")
    return slug, found.items[0].item_object_id


def _add_item(w: World) -> None:
    slug, _ = _with_item(w)
    assert w.api.get_collection(slug).items[0].item_id == w.repo
    assert w.api.add_collection_item(slug, w.repo, "model", exists_ok=True).items


def _update_item(w: World) -> None:
    slug, item = _with_item(w)
    w.api.update_collection_item(slug, item, note="changed")
    assert w.api.get_collection(slug).items[0].note == "changed"


def _delete_item(w: World) -> None:
    slug, item = _with_item(w)
    w.api.delete_collection_item(slug, item)
    assert w.api.get_collection(slug).items == []


def _update_collection(w: World) -> None:
    changed = w.api.update_collection_metadata(_collection(w), title="Best", private=True)
    assert (changed.title, changed.private) == ("Best", True)


def _delete_collection(w: World) -> None:
    slug = _collection(w)
    w.api.delete_collection(slug)
    w.api.delete_collection(slug, missing_ok=True)


def _collection_group(w: World) -> None:
    slug = w.api.create_collection("Team", namespace=w.org).slug
    w.api.update_collection_resource_group(slug, None)


def _list_collections(w: World) -> None:
    slug, _ = _with_item(w)
    assert [c.slug for c in w.api.list_collections(owner=w.alice)] == [slug]
    assert [c.slug for c in w.api.list_collections(item=f"models/{w.repo}")] == [slug]


def _list_pending(w: World) -> None:
    w.ask_for_access()
    (request,) = w.api.list_pending_access_requests(w.repo)
    assert (request.username, request.status) == (w.bob, "pending")


def _accept(w: World) -> None:
    w.ask_for_access()
    w.api.accept_access_request(w.repo, w.bob)
    w.bobs.auth_check(w.repo)


def _reject(w: World) -> None:
    w.ask_for_access()
    w.api.reject_access_request(w.repo, w.bob, rejection_reason="not now")
    try:
        w.bobs.auth_check(w.repo)
    except GatedRepoError:
        return
    raise AssertionError("a rejected user was let in")


def _cancel(w: World) -> None:
    w.ask_for_access()
    w.api.accept_access_request(w.repo, w.bob)
    w.api.cancel_access_request(w.repo, w.bob)
    assert [r.username for r in w.api.list_pending_access_requests(w.repo)] == [w.bob]


def _list_accepted(w: World) -> None:
    w.api.update_repo_settings(w.repo, gated="manual")
    w.api.grant_access(w.repo, w.bob)
    assert [r.username for r in w.api.list_accepted_access_requests(w.repo)] == [w.bob]


def _list_rejected(w: World) -> None:
    w.ask_for_access()
    w.api.reject_access_request(w.repo, w.bob, rejection_reason=None)
    assert [r.username for r in w.api.list_rejected_access_requests(w.repo)] == [w.bob]


def _webhook(w: World) -> str:
    made = w.api.create_webhook(
        url="https://example.org/hook",
        watched=[{"type": "user", "name": w.alice}],
        domains=["repo", "discussion"],
        secret="between us",
    )
    return made.id


def _update_webhook(w: World) -> None:
    changed = w.api.update_webhook(
        _webhook(w), url="https://example.org/other", watched=[{"type": "org", "name": w.org}]
    )
    assert changed.url == "https://example.org/other"


def _delete_webhook(w: World) -> None:
    w.api.delete_webhook(_webhook(w))
    assert list(w.api.list_webhooks()) == []


def _unlike(w: World) -> None:
    w.post(f"/api/models/{w.repo}/like", token=w.alice_token)
    w.api.unlike(w.repo)
    assert w.api.model_info(w.repo).likes == 0


def _likers(w: World) -> None:
    w.post(f"/api/models/{w.repo}/like", token=w.bob_token)
    assert [u.username for u in w.api.list_repo_likers(w.repo)] == [w.bob]


def _liked(w: World) -> None:
    w.post(f"/api/models/{w.repo}/like", token=w.bob_token)
    assert w.bobs.list_liked_repos().models == [w.repo]


def _secrets(w: World) -> None:
    space = w.repo_of("space")
    w.api.add_space_secret(space, "KEY", "hidden", description="a key")
    assert set(w.api.get_space_secrets(space)) == {"KEY"}


def _delete_secret(w: World) -> None:
    _secrets(w)
    w.api.delete_space_secret(w.repo_of("space"), "KEY")
    assert w.api.get_space_secrets(w.repo_of("space")) == {}


def _variables(w: World) -> None:
    space = w.repo_of("space")
    w.api.add_space_variable(space, "MODE", "test")
    assert w.api.get_space_variables(space)["MODE"].value == "test"


def _delete_variable(w: World) -> None:
    _variables(w)
    w.api.delete_space_variable(w.repo_of("space"), "MODE")
    assert w.api.get_space_variables(w.repo_of("space")) == {}


def _follow(w: World) -> None:
    w.post(f"/api/users/{w.alice}/follow", token=w.bob_token)
    assert [u.username for u in w.api.list_user_followers(w.alice)] == [w.bob]
    assert [u.username for u in w.api.list_user_following(w.bob)] == [w.alice]


def _follow_org(w: World) -> None:
    w.post(f"/api/organizations/{w.org}/follow", token=w.bob_token)
    assert [u.username for u in w.api.list_organization_followers(w.org)] == [w.bob]


def _whoami(w: World) -> None:
    try:
        w.server.api("hf_wrong").whoami()
    except HfHubHTTPError:
        assert w.api.whoami()["name"] == w.alice
        return
    raise AssertionError("a wrong token was accepted")


CALLS: dict[str, Call] = {
    "create_discussion": _create_discussion,
    "create_pull_request": _create_pull_request,
    "get_repo_discussions": _discussions,
    "get_discussion_details": _details,
    "comment_discussion": _comment,
    "edit_discussion_comment": _edit_comment,
    "hide_discussion_comment": _hide_comment,
    "rename_discussion": _rename,
    "change_discussion_status": _status,
    "merge_pull_request": _merge,
    "upload_attachment": _attachment,
    "create_collection": _create_collection,
    "get_collection": lambda w: _is(w.api.get_collection(_collection(w)).title == "My models"),
    "list_collections": _list_collections,
    "update_collection_metadata": _update_collection,
    "update_collection_resource_group": _collection_group,
    "delete_collection": _delete_collection,
    "add_collection_item": _add_item,
    "update_collection_item": _update_item,
    "delete_collection_item": _delete_item,
    "list_pending_access_requests": _list_pending,
    "list_accepted_access_requests": _list_accepted,
    "list_rejected_access_requests": _list_rejected,
    "accept_access_request": _accept,
    "reject_access_request": _reject,
    "cancel_access_request": _cancel,
    "grant_access": _list_accepted,
    "create_webhook": lambda w: _is(_webhook(w)),
    "get_webhook": lambda w: _is(not w.api.get_webhook(_webhook(w)).disabled),
    "list_webhooks": lambda w: _is(_webhook(w) == next(iter(w.api.list_webhooks())).id),
    "update_webhook": _update_webhook,
    "disable_webhook": lambda w: _is(w.api.disable_webhook(_webhook(w)).disabled),
    "enable_webhook": lambda w: _is(not w.api.enable_webhook(_webhook(w)).disabled),
    "delete_webhook": _delete_webhook,
    "unlike": _unlike,
    "list_repo_likers": _likers,
    "list_liked_repos": _liked,
    "whoami": _whoami,
    "get_user_overview": lambda w: _is(w.api.get_user_overview(w.alice).num_models == 1),
    "get_organization_overview": lambda w: _is(
        w.api.get_organization_overview(w.org).name == w.org
    ),
    "list_organization_members": lambda w: _is(
        [u.username for u in w.api.list_organization_members(w.org)] == [w.alice]
    ),
    "list_organization_followers": _follow_org,
    "list_user_followers": _follow,
    "list_user_following": _follow,
    "list_user_repos": lambda w: _is([r.id for r in w.api.list_user_repos()] == [w.repo]),
    "list_models": lambda w: _is(
        [m.id for m in w.api.list_models(author=w.alice, filter="license:mit", full=True)]
        == [w.repo]
    ),
    "list_datasets": lambda w: _is(
        w.repo_of("dataset") in [d.id for d in w.api.list_datasets(author=w.alice)]
    ),
    "list_spaces": lambda w: _is(
        w.repo_of("space") in [s.id for s in w.api.list_spaces(author=w.alice)]
    ),
    "get_model_tags": lambda w: _is(isinstance(w.api.get_model_tags(), dict)),
    "get_dataset_tags": lambda w: _is(isinstance(w.api.get_dataset_tags(), dict)),
    "add_space_secret": _secrets,
    "get_space_secrets": _secrets,
    "delete_space_secret": _delete_secret,
    "add_space_variable": _variables,
    "get_space_variables": _variables,
    "delete_space_variable": _delete_variable,
    "wait_for_space": lambda w: _is(w.api.wait_for_space(w.repo_of("space"), timeout=5).stage),
    "get_space_runtime": lambda w: _is(w.api.get_space_runtime(w.repo_of("space")).stage),
}
