"""The people of the example and their organisation, and how each of them calls the hub."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from huggingface_hub import HfApi

from paddock.hub.people.accounts import create_user, find_account, set_role
from tests.live import LiveServer

PASSWORD = "correct horse battery"
ORG = "lighthouse"
USERS = ("ada", "ben", "carol", "dana")  # the organisation's admin, a writer, a reader, a stranger


@dataclass(frozen=True, slots=True)
class Somebody:
    """A user, by the stock client and by plain requests."""

    name: str
    token: str
    api: HfApi
    url: str

    def send(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request that must be answered with success."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, self.url + path, json=body, headers=headers)
        assert answer.is_success, (path, answer.text)
        return answer


def introduce(server: LiveServer) -> dict[str, Somebody]:
    """Everybody, by name; the administrator is among them."""
    with server.hub.database.write() as conn:
        for name in USERS:
            if find_account(conn, name) is None:
                create_user(conn, name, password=PASSWORD, email=f"{name}@example.org")
    server.org(ORG, "ada")
    with server.hub.database.write() as conn:
        org = find_account(conn, ORG)
        assert org is not None
        for name, role in (("ben", "write"), ("carol", "read")):
            member = find_account(conn, name)
            assert member is not None
            set_role(conn, org, member, role)
    tokens = {name: server.user(name) for name in USERS} | {server.admin: server.admin_token}
    return {n: Somebody(n, token, server.api(token), server.url) for n, token in tokens.items()}
