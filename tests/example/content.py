"""What the hub of the example holds, made by its people through the stock client and its pages.

Returns the names that addresses need. Whoever adds a kind of page adds here what it shows.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, WebhookWatchedItem

from paddock.clock import now
from paddock.release.lifecycle.announcing import Announcement, announce
from paddock.release.planning.prepare import Wanted
from paddock.release.publishing.hub_client import Hub, client_of
from paddock.release.releasing import Surroundings, publish_release
from paddock.signing.keys import keys_folder, own_key_path
from paddock.signing.signers import load_signer
from paddock.starter import starter_folder
from tests.example import files
from tests.example.people import ORG, Somebody, introduce
from tests.live import LiveServer

STARTER = f"{ORG}/starter"
GATED = f"{ORG}/storyteller"
TALES = "ada/tales"
PRIVATE = "ada/workshop"


@dataclass(slots=True)
class Example:
    """The people, and the names of what they made."""

    server: LiveServer
    people: dict[str, Somebody]
    named: dict[str, str] = field(default_factory=dict)  # what addresses need: commits, slugs


def fill(server: LiveServer, folder: Path, *, scanned: bool = True) -> Example:
    """Everything; ``folder`` takes what releases are built from. Scans take ten seconds."""
    example = Example(server, introduce(server))
    _release_starter(example, folder)
    _add_models(example)
    _add_dataset(example)
    _add_others(example)
    _talk(example)
    _report(example)
    _ask_for_access(example)
    _work_together(example)  # who is let in so need not ask
    _collect(example)
    if scanned:
        server.run_scans()
    return example


def _release_starter(example: Example, folder: Path) -> None:
    """Two releases of the bundled model, the second in place of the first."""
    ada = example.people["ada"]
    source = folder / "starter"
    shutil.copytree(starter_folder().parent, source, ignore=shutil.ignore_patterns("*.py"))
    around = Surroundings(folder / "home", ada.url, ada.token, lambda _: None)
    release = source / "release.yaml"
    for version in ("1.0.0", "1.1.0"):
        release.write_text(release.read_text().replace("1.0.0", version))
        publish_release(Wanted(release, to=STARTER), around)
    signer = load_signer(str(own_key_path(around.config_home)), folder, keys_folder(folder))
    hub = Hub(ada.url, ada.token)
    said = Announcement(STARTER, "1.0.0", "supersede", "answers are shorter", replacement="1.1.0")
    announce(said, signer, client_of(hub, show_progress=False), hub, now())
    example.named["starter_commit"] = ada.api.model_info(STARTER).sha or ""


def _add_models(example: Example) -> None:
    ada, ben = example.people["ada"], example.people["ben"]
    ada.api.create_repo(GATED)
    contents = {
        "README.md": files.PEOPLE_CARD.encode(),
        "config.json": b'{"model_type": "llama", "hidden_size": 32, "num_hidden_layers": 4}\n',
        "model.safetensors": files.weights(),
        "code/count.py": files.PYTHON.encode(),
        "pictures/gradient.png": files.png(),
        "pictures/mark.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60">'
        b'<circle cx="30" cy="30" r="25" fill="#2d6a45"/></svg>',
        "old/weights.pkl": files.unsafe_pickle(),
        "notes/a file with spaces & signs (1).txt": b"Plain text.\n",
    }
    added = [CommitOperationAdd(path, content) for path, content in contents.items()]
    first = ada.api.create_commit(GATED, added, commit_message="Add the storyteller")
    ada.api.create_tag(GATED, tag="v1", tag_message="The first")
    ada.api.create_branch(GATED, branch="next")
    ben.api.create_commit(
        GATED,
        [
            CommitOperationAdd("code/count.py", files.PYTHON.replace("3))", "5))").encode()),
            CommitOperationDelete("notes/a file with spaces & signs (1).txt"),
        ],
        commit_message="Count more words\n\nThree were too few.",
    )
    example.named |= {"commit": first.oid, "head": ada.api.model_info(GATED).sha or ""}
    ada.api.create_repo(PRIVATE, private=True)


def _add_dataset(example: Example) -> None:
    ada = example.people["ada"]
    ada.api.create_repo(TALES, repo_type="dataset")
    contents = {
        "README.md": files.DATASET_CARD.encode(),
        "data/train.parquet": files.parquet(2000),
        "data/test.csv": files.csv(200),
        "data/more.jsonl": files.jsonl(100),
    }
    added = [CommitOperationAdd(path, content) for path, content in contents.items()]
    ada.api.create_commit(TALES, added, commit_message="Add the tales", repo_type="dataset")


def _add_others(example: Example) -> None:
    """Enough models for a list with several pages of filters, and a space."""
    ben = example.people["ben"]
    for i in range(12):
        name = f"ben/experiment-{i:02}"
        ben.api.create_repo(name)
        card = f"---\nlicense: {('mit', 'apache-2.0')[i % 2]}\nlanguage: [en]\n---\n# Run {i}\n"
        ben.api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=name)
    ben.api.create_repo("ben/shop-window", repo_type="space", space_sdk="static")


def _talk(example: Example) -> None:
    ada, ben, dana = (example.people[name] for name in ("ada", "ben", "dana"))
    asked = dana.api.create_discussion(
        GATED, "It ends in the middle of a sentence", description="After 200 words, **always**."
    )
    answer = "Thank you, @dana. Which prompt?\n\n- the shop?"
    said = ada.api.comment_discussion(GATED, asked.num, answer)
    ada.api.edit_discussion_comment(GATED, asked.num, said.id, answer + "\n- the lamp?")
    ada.api.rename_discussion(GATED, asked.num, "Long tales end in the middle of a sentence")
    closed = dana.api.create_discussion(GATED, "Which licence do the tales have?")
    ada.api.change_discussion_status(GATED, closed.num, "closed", comment="See their card.")
    change = ben.api.create_commit(
        GATED,
        [CommitOperationAdd("code/count.py", b"print('counted')\n")],
        commit_message="Count simply",
        commit_description="Less code.",
        create_pr=True,
    )
    assert change.pr_num is not None
    ben.api.comment_discussion(GATED, change.pr_num, "Ready, I think:\n\n```python\ncount()\n```")
    merged = ben.api.create_commit(
        GATED,
        [CommitOperationAdd("LICENSE", b"Apache License 2.0\n")],
        commit_message="Add the licence",
        create_pr=True,
    )
    assert merged.pr_num is not None
    ada.api.merge_pull_request(GATED, merged.pr_num)
    example.named |= {
        "discussion": str(asked.num),
        "comment": said.id,
        "pull_request": str(change.pr_num),
    }


def _report(example: Example) -> None:
    """One report was triaged and made public, with an advisory; one is new."""
    ada, dana = example.people["ada"], example.people["dana"]
    api = f"/api/models/{STARTER}"
    new = {
        "category": "wrong",
        "title": "It says that the shop is open at night",
        "messages": [{"role": "user", "content": "When is the shop open?"}],
        "output": "The shop is open at night.",
        "expected": "The shop is open from nine to five.",
        "details": "Every time, whatever the seed.",
    }
    seen = dana.send("POST", f"{api}/reports", new).json()["id"]
    ada.send("POST", f"{api}/reports/{seen}/messages", {"text": "Thank you, I can see it too."})
    decided = {"state": "triaged", "impact": "moderate", "ease": "easy", "public": "now"}
    ada.send("POST", f"{api}/reports/{seen}/decision", decided)
    ada.send("POST", f"{api}/reports/{seen}/decision", {"state": "confirmed"})
    ada.send("POST", f"{api}/reports/{seen}/case", {"mustNotContain": ["at night"]})
    said = {
        "title": "The starter tells wrong opening hours",
        "severity": "medium",
        "details": "Asked for opening hours, it answers *at night*.",
        "advice": "Do not use it for opening hours.",
        "last": "1.1.0",
        "reports": [seen],
    }
    advisory = ada.send("POST", f"{api}/advisories", said).json()["id"]
    other = {**new, "category": "biased", "title": "It has no name for the other teapot"}
    waiting = dana.send("POST", f"{api}/reports", other).json()["id"]
    example.named |= {"report": str(seen), "advisory": str(advisory), "waiting": str(waiting)}


def _work_together(example: Example) -> None:
    """A team, a collaborator for some time, and a program."""
    ada = example.people["ada"]
    of_org = f"/api/organizations/{ORG}"
    new = {"name": "keepers", "description": "They keep the lamp burning."}
    ada.send("POST", f"{of_org}/teams", new)
    for name, role in (("ben", "maintainer"), ("carol", "member")):
        ada.send("PUT", f"{of_org}/teams/keepers/members/{name}", {"role": role})
    roles = f"/api/models/{GATED}/collaborators"
    ada.send("PUT", f"{roles}/teams/keepers", {"role": "write"})
    until = {"role": "read", "expiresAt": "2999-01-01T00:00:00Z"}
    ada.send("PUT", f"{roles}/users/dana", until)
    program = {"name": f"{ORG}-builds", "fullname": "Nightly builds", "role": "write"}
    ada.send("POST", f"{of_org}/service-accounts", program)


def _ask_for_access(example: Example) -> None:
    """One request waits, one was accepted."""
    ada, carol, dana = (example.people[name] for name in ("ada", "carol", "dana"))
    ada.api.update_repo_settings(GATED, gated="manual")
    answers = {"Organisation": "A school", "Country": "FR", "Use": "Teaching"}
    for person in (carol, dana):
        fields = {**answers, "I have read the terms": "on"}
        person.send("POST", f"/{GATED}/ask-access", fields)
    ada.api.accept_access_request(GATED, "carol")


def _collect(example: Example) -> None:
    ada, carol, dana = (example.people[name] for name in ("ada", "carol", "dana"))
    made = ada.api.create_collection("Models that tell tales", description="Small ones.")
    ada.api.add_collection_item(made.slug, STARTER, "model", note="Where all began")
    ada.api.add_collection_item(made.slug, GATED, "model")
    ada.api.add_collection_item(made.slug, TALES, "dataset")
    example.named["slug"] = made.slug
    watched = WebhookWatchedItem(type="user", name="ada")
    hook = ada.api.create_webhook(url="https://builds.example.org/hook", watched=[watched])
    example.named["webhook"] = hook.id
    for person in (carol, dana):
        person.send("POST", f"/api/models/{STARTER}/like")
        person.send("POST", "/api/users/ada/follow")
    ada.send(
        "PATCH",
        "/api/settings/profile",
        {"fullname": "Ada of the Shop", "details": "Makes small models.", "website": ""},
    )
