"""Tags by type: those in public use, counted now and then and true at once."""

from __future__ import annotations

from huggingface_hub import HfApi

from paddock.hub.tags.counting import count_tags
from tests.live import LiveServer


def write_card(api: HfApi, repo: str, card: str) -> None:
    api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=repo)


def ids(server: LiveServer, type_: str) -> list[str]:
    return [tag["id"] for tag in server.api().get_model_tags()[type_]]


def test_tags_have_types_and_labels_the_most_frequent_first(server_on_each: LiveServer) -> None:
    server = server_on_each
    api = server.api(server.user("ann"))
    for name, licence in (("a", "mit"), ("b", "mit"), ("c", "apache-2.0")):
        api.create_repo(f"ann/{name}")
        write_card(api, f"ann/{name}", f"---\nlicense: {licence}\nlanguage: de\ntags: [x]\n---\n")
    count_tags(server.hub, {})
    tags = server.api().get_model_tags()
    assert [tag["id"] for tag in tags["license"]] == ["license:mit", "license:apache-2.0"]
    assert tags["language"] == [{"id": "de", "label": "German", "type": "language"}]
    assert {"pipeline_tag", "library", "dataset"} <= tags.keys()
    assert {
        "task_categories",
        "language",
        "size_categories",
    } <= server.api().get_dataset_tags().keys()
    count_tags(server.hub, {})
    assert server.api().get_model_tags() == tags


def test_new_tags_are_seen_before_they_are_counted(server: LiveServer) -> None:
    api = server.api(server.user("ann"))
    assert ids(server, "other") == []
    count_tags(server.hub, {})
    api.create_repo("ann/new")
    write_card(api, "ann/new", "---\ntags: [brand-new]\n---\n")
    assert "brand-new" in ids(server, "other")
    count_tags(server.hub, {})
    assert "brand-new" in ids(server, "other")


def test_private_repositories_have_no_tags_for_others(server: LiveServer) -> None:
    api = server.api(server.user("ann"))
    api.create_repo("ann/secret", private=True)
    write_card(api, "ann/secret", "---\ntags: [code-name]\n---\n")
    for _ in range(2):
        assert "code-name" not in ids(server, "other")
        count_tags(server.hub, {})
    api.update_repo_settings("ann/secret", private=False)
    assert "code-name" in ids(server, "other")
    api.update_repo_settings("ann/secret", private=True)
    assert "code-name" not in ids(server, "other")
    api.update_repo_settings("ann/secret", private=False)
    api.delete_repo("ann/secret")
    assert "code-name" not in ids(server, "other")
