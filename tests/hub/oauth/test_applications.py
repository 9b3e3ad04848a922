"""Applications that people sign in to: the code flow, and everything that is tried against it."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.clients.installing import JAVASCRIPT, javascript_package
from tests.hub.oauth.people import Person, a_person, sent_back
from tests.live import LiveServer

BACK = "https://app.example.org/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:43]
SCOPE = "openid profile email read-repos"


def register(server: LiveServer, token: str, **more: Any) -> dict[str, Any]:
    body = {
        "client_name": "An App",
        "redirect_uris": [BACK],
        "scope": f"{SCOPE} write-repos manage-repos contribute-repos gated-repos",
        "token_endpoint_auth_method": "none",
        **more,
    }
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{server.url}/oauth/register", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture(scope="module")
def app(shared_server: LiveServer) -> dict[str, Any]:
    return register(shared_server, shared_server.user("maker"))


@pytest.fixture(scope="module")
def kim(shared_server: LiveServer) -> Person:
    return a_person(shared_server, "kim")


def wanted(app: dict[str, Any], **more: str) -> dict[str, str]:
    return {
        "client_id": app["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": SCOPE,
        "state": "of-mine",
        "nonce": "once",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }


def redeem(server: LiveServer, code: str, **more: str) -> httpx.Response:
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    data = {**fields, "code_verifier": VERIFIER, **more}
    return httpx.post(f"{server.url}/oauth/token", data=data)


def test_a_person_signs_in_to_an_application(
    shared_server: LiveServer, app: dict[str, Any], kim: Person
) -> None:
    back = sent_back(kim.authorize(**wanted(app)))
    assert back["state"] == "of-mine"
    assert back["iss"] == shared_server.url
    told = redeem(shared_server, back["code"], client_id=app["client_id"]).json()
    keys = jwt.PyJWKSet.from_dict(httpx.get(f"{shared_server.url}/oauth/jwks").json())
    claims = jwt.decode(
        told["id_token"],
        keys.keys[0],
        algorithms=["RS256"],
        audience=app["client_id"],
        issuer=shared_server.url,
    )
    assert (claims["preferred_username"], claims["nonce"]) == ("kim", "once")
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    user = httpx.get(f"{shared_server.url}/oauth/userinfo", headers=headers).json()
    assert (user["sub"], user["email"]) == (claims["sub"], "kim@example.org")
    metadata = httpx.get(f"{shared_server.url}/.well-known/openid-configuration").json()
    assert metadata["token_endpoint"] == f"{shared_server.url}/oauth/token"


def test_the_stock_javascript_client_signs_in(
    shared_server: LiveServer, app: dict[str, Any], kim: Person, tmp_path: Path
) -> None:
    """Where it is installed: the same steps as in a browser, the person's page by HTTP."""
    modules = javascript_package("javascript", JAVASCRIPT) / "node_modules"
    script = tmp_path / "sign_in.mjs"
    hub = (modules / "@huggingface/hub/dist/index.mjs").resolve()
    script.write_text(
        f"""import {{ oauthLoginUrl, oauthHandleRedirect }} from {str(hub)!r};
import readline from "node:readline/promises";
const lines = readline.createInterface({{ input: process.stdin }})[Symbol.asyncIterator]();
const kept = {{}};
const hubUrl = {shared_server.url!r};
console.log(await oauthLoginUrl({{ hubUrl, clientId: {app["client_id"]!r},
  redirectUrl: {BACK!r}, scopes: "openid profile", state: "s", localStorage: kept }}));
const redirectedUrl = (await lines.next()).value;
const found = await oauthHandleRedirect({{ hubUrl, redirectedUrl, nonce: kept.nonce,
  codeVerifier: kept.codeVerifier }});
console.log(found.userInfo.preferred_username, found.state, found.scope);
process.exit(0);
"""
    )
    with subprocess.Popen(
        ["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        login = httpx.URL(node.stdout.readline().strip())
        answer = kim.authorize(**dict(login.params))
        node.stdin.write(answer.headers["location"] + "\n")
        node.stdin.flush()
        assert node.stdout.readline().split() == ["kim", "s", "openid", "profile"]


def test_the_scope_bounds_what_an_application_does(
    shared_server: LiveServer, app: dict[str, Any]
) -> None:
    lena = a_person(shared_server, "lena")
    own = shared_server.api(shared_server.user("lena"))
    own.create_repo("lena/private", private=True)
    shared_server.org("lena-org", "lena")
    own.create_repo("lena-org/private", private=True)

    def granted(scope: str, **more: str) -> Any:
        code = sent_back(lena.authorize(**wanted(app, scope=scope, **more)))["code"]
        return shared_server.api(redeem(shared_server, code).json()["access_token"])

    with pytest.raises(RepositoryNotFoundError):
        granted("openid profile").repo_info("lena/private")
    assert granted("openid").whoami()["email"] is None
    reader = granted("openid read-repos")
    assert reader.repo_info("lena/private").private
    with pytest.raises(RepositoryNotFoundError):
        reader.repo_info("lena-org/private")
    with pytest.raises(HfHubHTTPError):
        reader.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lena/private")
    writer = granted("write-repos")
    writer.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lena/private")
    for refused in (
        lambda: writer.create_repo("lena/new"),
        lambda: writer.delete_repo("lena/private"),
    ):
        with pytest.raises(HfHubHTTPError):
            refused()
    contributor = granted("contribute-repos")
    contributor.create_repo("lena/of-the-app", private=True)
    contributor.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="lena/of-the-app")
    with pytest.raises(RepositoryNotFoundError):
        contributor.repo_info("lena/private")
    headers = {"Authorization": f"Bearer {writer.token}"}
    body = {"displayName": "more", "role": "write"}
    made = httpx.post(f"{shared_server.url}/api/settings/tokens", json=body, headers=headers)
    assert made.status_code == 403


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example.org/callback",
        BACK + "/../evil",
        BACK + "?next=evil",
        BACK.upper(),
        "https://app.example.org.evil.org/callback",
        "https://app.example.org@evil.org/callback",
        "https://app.example.org/callback#x",
        "javascript:alert(1)",
        "//evil.example.org",
        "",
    ],
)
def test_nobody_is_sent_where_the_application_did_not_say(
    uri: str, shared_server: LiveServer, app: dict[str, Any], kim: Person
) -> None:
    page = kim.browser.get("/oauth/authorize", params=wanted(app, redirect_uri=uri))
    assert page.status_code == 400
    assert "location" not in page.headers


def test_what_is_wrong_otherwise_is_told_to_the_application(
    app: dict[str, Any], kim: Person
) -> None:
    without = {k: v for k, v in wanted(app).items() if not k.startswith("code_challenge")}
    for params, error in (
        (wanted(app, response_type="token"), "unsupported_response_type"),
        (wanted(app, scope="openid everything"), "invalid_scope"),
        (wanted(app, scope="webhooks"), "invalid_scope"),
        (wanted(app, code_challenge_method="plain"), "invalid_request"),
        (without, "invalid_request"),
        (wanted(app, prompt="none"), "consent_required"),
    ):
        back = sent_back(kim.browser.get("/oauth/authorize", params=params))
        assert (back["error"], back["state"]) == (error, "of-mine")
    assert sent_back(kim.authorize("deny", **wanted(app)))["error"] == "access_denied"


def test_a_code_is_good_once_and_a_second_time_ends_what_it_gave(
    server_on_each: LiveServer,
) -> None:
    app = register(server_on_each, server_on_each.user("maker"))
    code = sent_back(a_person(server_on_each, "nora").authorize(**wanted(app)))["code"]
    token = redeem(server_on_each, code).json()["access_token"]
    assert server_on_each.api(token).whoami()["name"] == "nora"
    assert redeem(server_on_each, code).json()["error"] == "invalid_grant"
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server_on_each.url}/api/whoami-v2", headers=headers).status_code == 401


def test_a_code_is_worth_nothing_without_what_belongs_to_it(
    shared_server: LiveServer, app: dict[str, Any], kim: Person
) -> None:
    other = register(shared_server, shared_server.user("maker"))
    code = sent_back(kim.authorize(**wanted(app)))["code"]
    for more in (
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": BACK + "/"},
        {"client_id": other["client_id"]},
    ):
        assert redeem(shared_server, code, **more).json()["error"] == "invalid_grant"
    assert "access_token" in redeem(shared_server, code).json()


def test_an_application_with_a_secret_must_show_it(shared_server: LiveServer, kim: Person) -> None:
    maker = shared_server.user("maker")
    app = register(shared_server, maker, token_endpoint_auth_method="client_secret_basic")
    asked = {k: v for k, v in wanted(app).items() if not k.startswith("code_challenge")}
    code = sent_back(kim.authorize(**asked))["code"]
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    url = f"{shared_server.url}/oauth/token"
    for secret in ("", "wrong"):
        answer = httpx.post(url, data=fields, auth=(app["client_id"], secret))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert httpx.post(url, data=fields).json()["error"] == "invalid_client"
    injected = {**fields, "code_verifier": VERIFIER}
    proof = (app["client_id"], app["client_secret"])
    assert httpx.post(url, data=injected, auth=proof).json()["error"] == "invalid_grant"
    assert "id_token" in httpx.post(url, data=fields, auth=proof).json()


def test_the_consent_cannot_be_given_by_another_site(app: dict[str, Any], kim: Person) -> None:
    form = {**wanted(app), "decision": "allow"}
    assert kim.browser.post("/oauth/authorize", data=form).status_code == 403
    page = kim.browser.get("/oauth/authorize", params=wanted(app))
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "form-action 'self' https://app.example.org" in page.headers["content-security-policy"]
    signed = {**form, "form_key": kim.form_key(page.text)}
    evil = kim.browser.post(
        "/oauth/authorize", data=signed, headers={"Origin": "https://evil.example.org"}
    )
    assert evil.status_code == 403
    changed = {**signed, "redirect_uri": "https://evil.example.org/"}
    assert kim.browser.post("/oauth/authorize", data=changed).status_code == 400


def test_what_an_application_calls_itself_is_text(shared_server: LiveServer, kim: Person) -> None:
    app = register(shared_server, shared_server.user("maker"), client_name="<script>x</script>")
    page = kim.browser.get("/oauth/authorize", params=wanted(app, state='"><script>'))
    assert "<script>" not in page.text
    assert "&lt;script&gt;x" in page.text


@pytest.mark.parametrize(
    "uri",
    ["http://example.org/cb", "https://*.example.org/cb", "javascript:x", "https://a.b/c#d",
     "https://user@a.b/", "https://a.b/ c", "data:text/html,x", "https:///x", "x" * 3000],
)  # fmt: skip
def test_an_application_cannot_register_a_dangerous_address(
    uri: str, shared_server: LiveServer
) -> None:
    body = {"client_name": "x", "redirect_uris": [uri]}
    headers = {"Authorization": f"Bearer {shared_server.user('maker')}"}
    answer = httpx.post(f"{shared_server.url}/oauth/register", json=body, headers=headers)
    assert answer.status_code == 400


def test_a_program_on_ones_own_machine_chooses_its_port(
    shared_server: LiveServer, kim: Person
) -> None:
    maker = shared_server.user("maker")
    app = register(shared_server, maker, redirect_uris=["http://127.0.0.1/cb"])
    here = kim.authorize(**wanted(app, redirect_uri="http://127.0.0.1:4711/cb"))
    assert urlsplit(here.headers["location"]).netloc == "127.0.0.1:4711"
    for uri in ("http://127.0.0.1:4711/other", "http://127.0.0.2:4711/cb", "http://localhost/cb"):
        page = kim.browser.get("/oauth/authorize", params=wanted(app, redirect_uri=uri))
        assert page.status_code == 400


def test_revoking_ends_the_grant_and_not_anothers(
    shared_server: LiveServer, app: dict[str, Any], kim: Person
) -> None:
    code = sent_back(kim.authorize(**wanted(app)))["code"]
    told = redeem(shared_server, code).json()
    url = f"{shared_server.url}/oauth/revoke"
    other = register(shared_server, shared_server.user("maker"))
    asked = {"token": told["refresh_token"], "client_id": other["client_id"]}
    assert httpx.post(url, data=asked).status_code == 200
    api = shared_server.api(told["access_token"])
    assert api.whoami()["name"] == "kim"
    asked["client_id"] = app["client_id"]
    assert httpx.post(url, data=asked).status_code == 200
    with pytest.raises(HfHubHTTPError):
        api.whoami()
