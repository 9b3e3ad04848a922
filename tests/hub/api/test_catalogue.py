"""Information and listings, as the stock client asks for them."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError, RepositoryNotFoundError, RevisionNotFoundError

from tests.conftest import _database_of
from tests.live import LiveServer, live_server

CARD = """---
license: llama3.2
language: [en]
library_name: transformers
tags: [shop]
datasets: [lab/orders]
base_model: lab/base
---
Trained as in https://arxiv.org/abs/2302.13971.
"""
CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64}


def tensor_file(**tensors: tuple[str, list[int], int]) -> bytes:
    """A safetensors file of zeros; each tensor is (dtype, shape, bytes)."""
    header, at = {}, 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + bytes(at)


def commit(api: HfApi, repo: str, files: dict[str, bytes], **kwargs: str) -> str:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    return api.create_commit(repo, operations, commit_message="files", **kwargs).oid


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A hub with a few repositories of several people, on each database."""
    folder = tmp_path_factory.mktemp("catalogue")
    with _database_of(request.param, folder) as url, live_server(folder / "data", url) as server:
        fill(server)
        yield server


def fill(server: LiveServer) -> None:
    alice, bob = server.api(server.user("alice")), server.api(server.user("bob"))
    server.org("lab", "alice")
    for name in ("Llama-small", "Llama_large", "Qwen-tiny"):
        alice.create_repo(f"lab/{name}")
    files = {
        "README.md": CARD.encode(),
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": tensor_file(
            a=("F32", [2, 3], 24), b=("BF16", [5], 10), c=("F32", [], 4)
        ),
    }
    commit(alice, "lab/Llama-small", files)
    commit(bob_repo := bob, bob_repo.create_repo("adapter").repo_id, {"adapter_config.json": b"{}"})
    bob.create_repo("secret-llama", private=True)
    alice.create_repo("gate")
    alice.update_repo_settings("alice/gate", gated="auto")
    alice.create_repo("orders", repo_type="dataset")
    card = b"---\nlanguage: en\nlicense: mit\ntask_categories: [text-generation]\n---\n"
    commit(alice, "alice/orders", {"README.md": card}, repo_type="dataset")
    alice.create_repo("demo", repo_type="space", space_sdk="static")


def ids(api: HfApi, **query: object) -> list[str]:
    return [model.id for model in api.list_models(**query)]


def test_search_matches_every_word_in_any_case(hub: LiveServer) -> None:
    api = hub.api()
    assert set(ids(api, search="llama")) == {"lab/Llama-small", "lab/Llama_large"}
    assert ids(api, search="SMALL llama") == ["lab/Llama-small"]
    assert ids(api, search="lab/qwen") == ["lab/Qwen-tiny"]
    assert ids(api, search="a_l") == ["lab/Llama_large"]  # "_" is itself, not any character
    assert ids(api, search="%") == []
    assert ids(api, search="łama\U0001f999") == []


def test_author_is_a_namespace_in_any_case(hub: LiveServer) -> None:
    assert set(ids(hub.api(), author="LAB")) == {
        "lab/Llama-small",
        "lab/Llama_large",
        "lab/Qwen-tiny",
    }
    assert ids(hub.api(), author="nobody") == []
    assert ids(hub.api(), author="la") == []


@pytest.mark.parametrize(
    "tags",
    [
        "license:llama3.2", "shop", "llama", "transformers", "safetensors", "en",
        "dataset:lab/orders", "base_model:lab/base", "base_model:finetune:lab/base",
        "arxiv:2302.13971", "text-generation", ["shop", "en"], "shop,en",
    ],
)  # fmt: skip
def test_filters_are_tags_that_must_all_be_there(hub: LiveServer, tags: object) -> None:
    assert ids(hub.api(), filter=tags) == ["lab/Llama-small"]


def test_filters_that_nothing_has_find_nothing(hub: LiveServer) -> None:
    assert ids(hub.api(), filter=["shop", "license:mit"]) == []
    assert ids(hub.api(), pipeline_tag="text-generation") == ["lab/Llama-small"]
    assert ids(hub.api(), pipeline_tag="fill-mask") == []
    assert ids(hub.api(), filter="peft") == ["bob/adapter"]
    assert ids(hub.api(), gated=True) == ["alice/gate"]
    assert "alice/gate" not in ids(hub.api(), gated=False)
    answer = httpx.get(f"{hub.url}/api/models?filter=a%00b&search=%00&author=%00")
    assert (answer.status_code, answer.json()) == (200, [])


def test_private_repositories_are_listed_for_those_who_may_read_them(hub: LiveServer) -> None:
    name = "bob/secret-llama"
    assert name not in ids(hub.api())
    assert name not in ids(hub.api(hub.user("alice")))
    assert name in ids(hub.api(hub.user("bob")))
    assert name in ids(hub.api(hub.user("bob", role="read")))
    assert name in ids(hub.admin_api)
    tags = httpx.get(f"{hub.url}/api/models-tags-by-type").json()
    assert {"id": "license:llama3.2", "label": "llama3.2", "type": "license"} in tags["license"]


def test_datasets_and_spaces_have_lists_of_their_own(hub: LiveServer) -> None:
    api = hub.api()
    assert [d.id for d in api.list_datasets()] == ["alice/orders"]
    assert [d.id for d in api.list_datasets(task_categories="text-generation")] == ["alice/orders"]
    assert [d.id for d in api.list_datasets(language="en", filter="license:mit")] == [
        "alice/orders"
    ]
    assert list(api.list_datasets(filter="license:apache-2.0")) == []
    spaces = list(api.list_spaces())
    assert [(s.id, s.sdk) for s in spaces] == [("alice/demo", "static")]


@pytest.mark.parametrize(
    "sort", ["created_at", "last_modified", "downloads", "likes", "trending_score", None]
)
def test_pages_of_one_hold_together_in_every_order(hub: LiveServer, sort: str | None) -> None:
    everything = ids(hub.api(), sort=sort)
    assert len(everything) == len(set(everything)) == 5
    url: str | None = f"{hub.url}/api/models?limit=1" + (f"&sort={_wire(sort)}" if sort else "")
    walked = []
    while url:
        page = httpx.get(url)
        assert len(page.json()) == 1
        walked += [item["id"] for item in page.json()]
        url = page.links.get("next", {}).get("url")
    assert walked == everything


def _wire(sort: str) -> str:
    first, *rest = sort.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_orders_are_what_they_say_and_can_be_turned(hub: LiveServer) -> None:
    def listed(query: str) -> list[str]:
        return [item["id"] for item in httpx.get(f"{hub.url}/api/models?{query}").json()]

    newest_first = listed("sort=createdAt&direction=-1")
    assert newest_first[0] == "alice/gate"
    assert listed("sort=createdAt&direction=1") == newest_first[::-1]
    page = httpx.get(f"{hub.url}/api/models?sort=createdAt&direction=1&limit=2")
    rest = httpx.get(page.links["next"]["url"]).json()
    assert [i["id"] for i in [*page.json(), *rest]] == newest_first[::-1][:4]


def test_the_client_stops_at_its_limit(hub: LiveServer) -> None:
    assert len(list(hub.api().list_models(limit=2))) == 2
    assert len(list(islice(hub.api().list_models(), 3))) == 3


@pytest.mark.parametrize(
    "query",
    [
        "sort=size", "direction=2", "limit=-1", "limit=x", "limit=%D9%A1", "gated=perhaps",
        "cursor=x", "cursor=bnVsbA==", "cursor=WzEsMiwzXQ==", "full=maybe", "expand=nothing",
        "cursor=WyJ0cmVuZGluZ1Njb3JlIiwgMWU5OTksIDFd", "cursor=" + "A" * 5000,
        "cursor=WyJ0cmVuZGluZ1Njb3JlIiwgMCwgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTldIA==",
        "search=" + "+".join("abcdefghijklmnopqrstuvwxyz0123456789"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_understood_is_refused(hub: LiveServer, query: str) -> None:
    answer = httpx.get(f"{hub.url}/api/models?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "query",
    ["gated=1", "gated=true", "gated=True", "gated=0&gated=1", "filter=a&filter=b", "apps=x",
     "inference=warm", "num_parameters=min:1B", "linked=true", "unheard=of", "limit=100000"],
)  # fmt: skip
def test_what_other_hubs_know_is_not_an_error_here(hub: LiveServer, query: str) -> None:
    assert httpx.get(f"{hub.url}/api/models?{query}").status_code == 200


def test_an_item_is_short_unless_more_is_asked_for(hub: LiveServer) -> None:
    def item(query: str) -> dict[str, object]:
        (found,) = httpx.get(f"{hub.url}/api/models?search=llama-small&{query}").json()
        return found

    assert not {"siblings", "cardData", "config"} & item("").keys()
    assert [s["rfilename"] for s in item("full=True")["siblings"]] == [
        ".gitattributes",
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    assert item("cardData=1")["cardData"]["license"] == "llama3.2"
    assert item("config=true")["config"]["model_type"] == "llama"
    keys = item("expand[]=likes&expand=sha,private").keys()
    assert keys == {"_id", "id", "likes", "sha", "private"}
    (model,) = hub.api().list_models(search="llama-small", expand=["safetensors", "siblings"])
    assert model.safetensors is not None
    assert model.safetensors.total == 12


def test_information_tells_what_the_files_say(hub: LiveServer) -> None:
    info = hub.api().model_info("LAB/llama-SMALL")
    assert (info.id, info.author, info.pipeline_tag) == (
        "lab/Llama-small",
        "lab",
        "text-generation",
    )
    assert info.library_name == "transformers"
    assert info.config == {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    assert info.transformers_info is not None
    assert info.transformers_info.auto_model == "AutoModelForCausalLM"
    assert info.safetensors is not None
    assert dict(info.safetensors.parameters) == {"F32": 7, "BF16": 5}
    assert info.safetensors.total == 12
    assert info.card_data is not None
    assert info.card_data.base_model == "lab/base"
    assert info.used_storage and info.used_storage > 100
    assert info.last_modified and info.created_at and info.last_modified.tzinfo
    assert all(sibling.size is None for sibling in info.siblings or [])
    details = hub.api().model_info("lab/Llama-small", files_metadata=True, securityStatus=True)
    weights = next(s for s in details.siblings or [] if s.rfilename.endswith(".safetensors"))
    assert weights.lfs is not None
    assert weights.size == weights.lfs.size == len(tensor_file(
        a=("F32", [2, 3], 24), b=("BF16", [5], 10), c=("F32", [], 4)
    ))  # fmt: skip
    assert details.security_repo_status["filesWithIssues"] == []


def test_information_is_of_the_revision_that_was_asked_for(hub: LiveServer) -> None:
    api = hub.api(hub.user("alice"))
    api.create_repo("history")
    first = api.model_info("alice/history").sha
    second = commit(api, "alice/history", {"a.txt": b"a"})
    api.create_tag("alice/history", tag="v1", revision=first)
    for revision, sha, files in [
        ("main", second, [".gitattributes", "a.txt"]),
        ("HEAD", second, [".gitattributes", "a.txt"]),
        (second[:7], second, [".gitattributes", "a.txt"]),
        ("v1", first, [".gitattributes"]),
        ("refs/tags/v1", first, [".gitattributes"]),
    ]:
        info = api.model_info("alice/history", revision=revision)
        assert info.sha == sha
        assert [s.rfilename for s in info.siblings or []] == files
    with pytest.raises(RevisionNotFoundError):
        api.model_info("alice/history", revision="v2")
    answer = httpx.get(f"{hub.url}/api/models/alice/history/revision/v2")
    assert answer.json()["error"] == "Invalid rev id: v2"
    api.delete_repo("alice/history")


def test_expand_chooses_fields_and_refuses_others(hub: LiveServer) -> None:
    info = hub.api().model_info("lab/Llama-small", expand=["gated", "baseModels", "xetEnabled"])
    assert info.gated is False
    assert info.base_models == {"relation": "finetune", "models": [{"id": "lab/base"}]}
    assert info.__dict__["xetEnabled"] is True
    assert info.sha is None
    with pytest.raises(BadRequestError, match=r'expected one of "author"\|"baseModels"'):
        hub.api().model_info("lab/Llama-small", expand=["secrets"])
    with pytest.raises(BadRequestError):  # a model's field, not a dataset's
        hub.api().dataset_info("alice/orders", expand=["safetensors"])


EXPANDABLE = {
    "models/lab/Llama-small": """author baseModels cardData childrenModelCount config createdAt
        disabled downloads downloadsAllTime evalResults gated gguf inference
        inferenceProviderMapping lastModified library_name likes mask_token model-index
        pipeline_tag private resourceGroup safetensors sha siblings spaces tags transformersInfo
        trendingScore usedStorage widgetData gitalyUid xetEnabled""",
    "datasets/alice/orders": """author cardData citation createdAt description disabled downloads
        downloadsAllTime gated lastModified likes mainSize paperswithcode_id private resourceGroup
        sha siblings tags trendingScore usedStorage""",
    "spaces/alice/demo": """author cardData createdAt datasets disabled lastModified likes models
        private region resourceGroup runtime sdk sha siblings subdomain tags trendingScore
        usedStorage""",
}


@pytest.mark.parametrize("path", EXPANDABLE)
def test_every_field_that_clients_name_can_be_expanded(hub: LiveServer, path: str) -> None:
    fields = EXPANDABLE[path].split()
    query = [("expand", field) for field in fields]
    answer = httpx.get(f"{hub.url}/api/{path}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"_id", "id", *fields}


def test_datasets_and_spaces_tell_of_themselves(hub: LiveServer) -> None:
    dataset = hub.api().dataset_info("alice/orders")
    assert {"task_categories:text-generation", "language:en", "license:mit"} <= set(dataset.tags)
    assert dataset.card_data is not None
    space = hub.api().space_info("alice/demo")
    assert space.sdk == "static"
    assert space.runtime is not None
    assert hub.api().repo_exists("alice/demo", repo_type="space")


def test_weights_that_cannot_be_understood_leave_the_rest(hub: LiveServer) -> None:
    api = hub.api(hub.user("alice"))
    repo = api.create_repo("broken").repo_id
    commit(api, repo, {"model.safetensors": struct.pack("<Q", 1 << 60) + b"{}"})
    assert api.model_info(repo).safetensors is None
    commit(
        api,
        repo,
        {
            "model-00001-of-00002.safetensors": tensor_file(a=("F16", [4], 8)),
            "model-00002-of-00002.safetensors": tensor_file(b=("F16", [2, 2], 8)),
            "consolidated.safetensors": tensor_file(z=("F16", [100], 200)),
        },
    )
    assert api.model_info(repo).safetensors is None  # the whole file is what would be loaded
    api.delete_file("model.safetensors", repo)
    safetensors = api.model_info(repo).safetensors
    assert safetensors is not None
    assert safetensors.total == 8
    api.delete_repo(repo)


def test_the_catalogue_follows_main_and_only_main(hub: LiveServer) -> None:
    api = hub.api(hub.user("alice"))
    repo = api.create_repo("moving").repo_id
    api.create_branch(repo, branch="side")
    commit(api, repo, {"README.md": b"---\nlicense: mit\n---\n"}, revision="side")
    assert api.model_info(repo).card_data is None
    commit(api, repo, {"README.md": b"---\nlicense: mit\ntags: [one, two]\n---\n"})
    assert {"one", "two", "license:mit"} <= set(api.model_info(repo).tags or [])
    commit(api, repo, {"README.md": b"---\nlicense: mit\ntags: [two, three]\n---\n"})
    assert ids(api, filter="one") == []
    assert ids(api, filter="three") == [repo]
    api.delete_file("README.md", repo)
    assert api.model_info(repo).card_data is None
    assert ids(api, filter="license:mit", author="alice") == []
    api.delete_repo(repo)


def test_a_card_may_be_as_long_as_real_ones_are(hub: LiveServer) -> None:
    api = hub.api(hub.user("alice"))
    repo = api.create_repo("long-card").repo_id
    card = "---\nlicense: mit\nlong: [" + ", ".join(f"item-{n}" for n in range(8000)) + "]\n---\n"
    commit(api, repo, {"README.md": (card + "text\n" * 30_000).encode()})
    assert "license:mit" in (api.model_info(repo).tags or [])
    api.delete_repo(repo)


def test_what_does_not_exist_is_not_told_of(hub: LiveServer) -> None:
    for name in ("lab/none", "none/none", "lab/Llama-small%00", "lab/%2E%2E", "bob/secret-llama"):
        answer = httpx.get(f"{hub.url}/api/models/{name}")
        assert answer.status_code in {400, 401, 404}
    with pytest.raises(RepositoryNotFoundError):
        hub.api().dataset_info("lab/Llama-small")


def test_the_stock_client_reads_what_the_shards_of_an_index_hold(hub: LiveServer) -> None:
    api = hub.api(hub.user("alice"))
    repo = api.create_repo("sharded").repo_id
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    index = {"metadata": {"total_size": 24}, "weight_map": dict(zip("ab", names, strict=True))}
    shards = [tensor_file(a=("F16", [4], 8)), tensor_file(b=("BF16", [2, 4], 16))]
    files = {
        "model.safetensors.index.json": json.dumps(index).encode(),
        "bad.index.json": json.dumps({"weight_map": {"a": "bad.safetensors"}}).encode(),
        "gone.index.json": json.dumps({"weight_map": {"a": "gone.safetensors"}}).encode(),
        "bad.safetensors": struct.pack("<Q", 1 << 40) + b"{}",
        "list.json": b"[1]",
    }
    commit(api, repo, files | dict(zip(names, shards, strict=True)))
    found = api.get_sharded_safetensors_metadata(repo, filename="model.safetensors.index.json")
    assert found.metadata == {"total_size": 24}
    assert found.weight_map == index["weight_map"]
    assert found.parameter_count == {"F16": 4, "BF16": 8}
    assert api.get_safetensors_metadata(repo).parameter_count == {"F16": 4, "BF16": 8}
    one = api.parse_safetensors_file_metadata(repo, names[0])
    assert one.tensors["a"].shape == [4]
    address = f"{hub.url}/api/models/{repo}/safetensors-metadata"
    for path, status in (("none.json", 404), ("gone.index.json", 404), ("bad.index.json", 400),
                         ("list.json", 400), ("bad.safetensors", 400)):  # fmt: skip
        assert httpx.get(f"{address}/{path}").status_code == status
    api.delete_repo(repo)


def test_models_are_found_by_size_once_their_weights_were_read(hub: LiveServer) -> None:
    api = hub.api(hub.user("alice"))
    repo = api.create_repo("weighed").repo_id
    commit(api, repo, {"model.safetensors": tensor_file(a=("F32", [1000, 3], 12000))})
    deadline = time.monotonic() + 60
    while ids(api, num_parameters="min:2K,max:4K") != [repo] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ids(api, num_parameters="min:2K,max:4K") == [repo]
    assert repo not in ids(api, num_parameters="min:4K")
    commit(api, repo, {"README.md": b"---\nlicense: mit\n---\n"})  # the same weights: still known
    assert ids(api, num_parameters="max:3K", filter="license:mit") == [repo]
    api.delete_file("model.safetensors", repo)
    assert repo not in ids(api, num_parameters="max:4K")
    api.delete_repo(repo)


def test_spaces_are_found_by_what_they_use(hub: LiveServer) -> None:
    api = hub.api(hub.user("alice"))
    space = api.create_repo("uses", repo_type="space", space_sdk="static").repo_id
    card = b"---\nsdk: static\nmodels: [lab/Llama-small]\ndatasets: [alice/orders]\n---\n"
    commit(api, space, {"README.md": card}, repo_type="space")

    def spaces(**query: object) -> list[str]:
        return [found.id for found in hub.api().list_spaces(**query)]

    assert spaces(models="lab/llama-SMALL") == spaces(datasets=["alice/orders"]) == [space]
    assert spaces(linked=True) == [space]
    assert spaces(models="lab/other") == []
    assert "alice/demo" in spaces()
    assert hub.api().model_info("lab/Llama-small").spaces == [space]
    info = hub.api().space_info(space, expand=["models", "datasets", "tags"])
    assert (info.models, info.datasets) == (["lab/Llama-small"], ["alice/orders"])
    assert not [tag for tag in info.tags or [] if tag.startswith("uses")]
    api.update_repo_settings(space, repo_type="space", private=True)
    assert hub.api().model_info("lab/Llama-small").spaces == []
    api.delete_repo(space, repo_type="space")


def test_filters_of_programs_and_of_what_others_run(hub: LiveServer) -> None:
    api = hub.api()
    assert ids(api, apps="vllm") == ["lab/Llama-small"]
    assert ids(api, apps=["ollama"]) == []
    assert ids(api, inference="warm") == ids(api, inference_provider="all") == []
    assert ids(api, trained_dataset="lab/orders") == ["lab/Llama-small"]
    (base,) = httpx.get(f"{hub.url}/api/models?search=llama-small&expand=childrenModelCount").json()
    assert base["childrenModelCount"] == 0


@pytest.mark.parametrize("value", [".nan", ".inf", "1" * 400, "1e400"])
def test_numbers_that_json_cannot_say_are_no_failure(hub: LiveServer, value: str) -> None:
    api = hub.api(hub.user("alice"))
    repo = api.create_repo("numbers").repo_id
    with suppress(BadRequestError):  # a card may also be refused for it
        commit(api, repo, {"README.md": f"---\nlicense: mit\nodd: {value}\n---\n".encode()})
    assert httpx.get(f"{hub.url}/api/models/{repo}").status_code == 200
    assert httpx.get(f"{hub.url}/api/models?cardData=1&author=alice").status_code == 200
    api.delete_repo(repo)
