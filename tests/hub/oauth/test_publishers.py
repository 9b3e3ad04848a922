"""CI jobs prove who they are with an ID token and get one repository for an hour."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from huggingface_hub._oidc import oidc_login
from huggingface_hub.errors import HfHubHTTPError
from jwt.algorithms import RSAAlgorithm

from paddock.hub.oauth.issuers import Issuers
from paddock.hub.tables import accounts
from tests.live import LiveServer

KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "ab")
JOB = {"sub": "repo:me/project:ref:main", "repository": "me/project", "ref": "refs/heads/main"}

Mint = Callable[..., str]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A CI service's address, with its metadata and keys."""

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            base = f"http://127.0.0.1:{self.server.server_port}"
            public = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
            answers = {
                "/.well-known/openid-configuration": {"jwks_uri": f"{base}/keys"},
                "/keys": {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]},
            }
            body = json.dumps(answers.get(self.path, {})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def mint(issuer: str, shared_server: LiveServer) -> Mint:
    """An ID token of a job, genuine unless something is said to be different."""

    def made(key: Any = KEY, kid: str = "one", algorithm: str = "RS256", **claims: Any) -> str:
        now = int(time.time())
        body = {**JOB, "iss": issuer, "aud": shared_server.url, "iat": now, "exp": now + 300}
        headers = {"kid": kid}
        return jwt.encode({**body, **claims}, key, algorithm=algorithm, headers=headers)

    return made


@pytest.fixture
def repo(shared_server: LiveServer, issuer: str) -> str:
    object.__setattr__(shared_server.hub, "issuers", Issuers([issuer]))
    token = shared_server.user("pia")
    api = shared_server.api(token)
    name = "pia/published"
    if not api.repo_exists(name):
        api.create_repo(name, private=True)
        api.create_repo("pia/other", private=True)
        for claims in ({"repository": "me/project", "ref": "refs/heads/main"},):
            answer = httpx.post(
                f"{shared_server.url}/api/models/{name}/trusted-publishers",
                json={"issuer": issuer, "claims": claims},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 200, answer.text
    return name


def test_a_trusted_job_writes_to_its_repository_and_to_no_other(
    shared_server: LiveServer, repo: str, mint: Mint
) -> None:
    told = oidc_login(resource=repo, subject_token=mint(), endpoint=shared_server.url)
    assert told["expires_in"] == 3600
    api = shared_server.api(told["access_token"])
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo)
    for refused in (
        lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="pia/other"),
        lambda: api.delete_repo(repo),
        lambda: api.create_repo("pia/new"),
        lambda: api.update_repo_settings(repo, private=False),
    ):
        with pytest.raises(HfHubHTTPError):
            refused()


def test_a_job_learns_nothing_of_who_trusted_it_and_trusts_nobody(
    shared_server: LiveServer, repo: str, mint: Mint, issuer: str
) -> None:
    told = oidc_login(resource=repo, subject_token=mint(), endpoint=shared_server.url)
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    with shared_server.hub.database.write() as conn:
        same = accounts.c.name == "pia"
        conn.execute(accounts.update().where(same).values(email="pia@example.org"))
    for path in ("/oauth/userinfo", "/api/whoami-v2"):
        answer = httpx.get(f"{shared_server.url}{path}", headers=headers)
        assert answer.status_code == 200
        assert "@" not in answer.text
        assert answer.json()["orgs"] == []
    assert httpx.get(f"{shared_server.url}/api/organizations", headers=headers).status_code == 403
    url = f"{shared_server.url}/api/models/{repo}/trusted-publishers"
    body = {"issuer": issuer, "claims": {"repository": "evil/project"}}
    assert httpx.post(url, json=body, headers=headers).status_code == 403
    entity = {"type": "model", "name": repo}
    scoped = [{"entity": entity, "permissions": ["repo.content.read", "repo.write"]}]
    fine = {"displayName": "x", "role": "fineGrained", "fineGrained": {"scoped": scoped}}
    own = {"Authorization": f"Bearer {shared_server.user('pia')}"}
    made = httpx.post(f"{shared_server.url}/api/settings/tokens", json=fine, headers=own).json()
    bounded = {"Authorization": f"Bearer {made['token']}"}
    assert httpx.post(url, json=body, headers=bounded).status_code == 403
    assert httpx.get(url, headers=bounded).status_code == 200


def test_a_token_for_another_service_is_refused_whatever_the_request_calls_us(
    shared_server: LiveServer, repo: str, mint: Mint
) -> None:
    """Whoever got a job's token for a service of theirs names that service as our host."""
    answer = httpx.post(
        f"{shared_server.url}/oauth/token",
        data={
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": mint(aud="http://evil.example.org"),
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "resource": repo,
        },
        headers={"Host": "evil.example.org"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


def signed_with_the_public_key(genuine: str) -> str:
    """The same claims under HMAC, with what everybody knows as its secret."""

    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = text(json.dumps({"alg": "HS256", "kid": "one", "typ": "JWT"}).encode())
    body = f"{head}.{genuine.split('.')[1]}"
    return f"{body}.{text(hmac.digest(public, body.encode(), hashlib.sha256))}"


def test_a_proof_that_is_not_genuine_is_refused(
    shared_server: LiveServer, repo: str, mint: Mint
) -> None:
    past = int(time.time()) - 3600
    for proof in (
        mint(key=OTHER_KEY),
        mint(kid="unknown"),
        mint(exp=past, iat=past - 10),
        mint(aud="https://huggingface.co"),
        mint(iss="https://evil.example.org"),
        mint(ref="refs/heads/other"),
        mint(repository="me/project2"),
        signed_with_the_public_key(mint()),
        jwt.encode({**JOB, "iss": "x"}, "", algorithm="none"),
        "nonsense",
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            oidc_login(resource=repo, subject_token=proof, endpoint=shared_server.url)
        assert refused.value.response.status_code == 400, proof


def test_who_is_trusted_is_said_by_the_owner_for_issuers_of_the_administrator(
    shared_server: LiveServer, repo: str, issuer: str
) -> None:
    url = f"{shared_server.url}/api/models/{repo}/trusted-publishers"
    owner = {"Authorization": f"Bearer {shared_server.user('pia')}"}
    stranger = {"Authorization": f"Bearer {shared_server.user('quin')}"}
    body = {"issuer": issuer, "claims": {"repository": "evil/project"}}
    assert httpx.post(url, json=body, headers=stranger).status_code == 404
    elsewhere = {**body, "issuer": "https://evil.example.org"}
    assert httpx.post(url, json=elsewhere, headers=owner).status_code == 400
    everyone = {**body, "claims": {"ref": "refs/heads/main"}}
    assert httpx.post(url, json=everyone, headers=owner).status_code == 400
    made = httpx.post(url, json=body, headers=owner).json()
    assert httpx.delete(f"{url}/{made['id']}", headers=owner).status_code == 200
    assert [p["id"] for p in httpx.get(url, headers=owner).json()] != []
    assert made["id"] not in [p["id"] for p in httpx.get(url, headers=owner).json()]


def test_a_job_acts_as_a_service_account_of_the_organisation(
    shared_server: LiveServer, repo: str, mint: Mint, issuer: str
) -> None:
    own = {"Authorization": f"Bearer {shared_server.user('pia')}"}
    shared_server.org("pit", "pia")

    def send(method: str, path: str, body: dict[str, Any], headers: dict[str, str] = own) -> int:
        url = shared_server.url + path
        return httpx.request(method, url, json=body, headers=headers).status_code

    program = "/api/organizations/pit/service-accounts"
    assert send("POST", program, {"name": "pit-ci", "role": "write"}) == 200
    shared_server.api(shared_server.user("pia")).create_repo("pit/cog", private=True)
    wim = {"Authorization": f"Bearer {shared_server.user('wimp')}"}
    send("POST", "/api/organizations/pit/members", {"user": "wimp", "role": "write"})
    trusts = "/api/models/pit/cog/trusted-publishers"
    wanted = {"issuer": issuer, "claims": {"repository": "me/project"}, "account": "pit-ci"}
    assert send("POST", trusts, wanted, wim) == 403
    assert send("POST", trusts, {**wanted, "account": "pia"}) == 404
    assert send("POST", trusts, wanted) == 200
    token = oidc_login(resource="pit/cog", subject_token=mint(), endpoint=shared_server.url)[
        "access_token"
    ]
    api = shared_server.api(token)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="pit/cog")
    assert api.list_repo_commits("pit/cog")[0].authors == ["pit-ci"]
    assert send("PATCH", f"{program}/pit-ci", {"disabled": True}) == 200
    with pytest.raises(HfHubHTTPError, match="401"):
        api.upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id="pit/cog")
    with pytest.raises(HfHubHTTPError, match="disabled"):
        oidc_login(resource="pit/cog", subject_token=mint(), endpoint=shared_server.url)
