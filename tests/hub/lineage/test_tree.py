"""Trees of lineage: who declares and who signed it, how deep, how wide, and for whom."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from paddock import clock
from paddock.hub.lineage.nodes import Node
from paddock.hub.lineage.tree import MAX_WIDE, origins, standing_on
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import find_account
from paddock.hub.releases.keys import also_signed
from paddock.hub.types import ANONYMOUS, Caller, Kind, Repository, Token
from tests.hub.releases.made import document, publish, release_files
from tests.live import LiveServer

KEY = ec.generate_private_key(ec.SECP256R1())


def _repo(server: LiveServer, name: str) -> Repository:
    with server.hub.database.read() as conn:
        repo = find_repository(conn, RepositoryName(Kind.MODEL, *name.split("/")))
    assert repo is not None
    return repo


def _model(server: LiveServer, name: str, *bases: str, private: bool = False) -> None:
    """A model whose card declares its bases."""
    api = server.api(server.user(name.split("/")[0]))
    api.create_repo(name, private=private)
    base = f"base_model: [{', '.join(bases)}]\n" if bases else ""
    card = f"---\nlicense: mit\n{base}---\n# x\n".encode()
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=name)
    server.run_jobs()


def _drawn(node: Node) -> list[str]:
    return [f"{branch.name} {branch.relation}" for branch in node.branches]


def test_declared_parents_and_children_hang_on_a_model(shared_server: LiveServer) -> None:
    server = shared_server
    _model(server, "ann/root")
    _model(server, "ann/tuned", "ann/root")
    _model(server, "ann/both", "ann/tuned", "far/away")
    with server.hub.database.read() as conn:
        up = origins(conn, ANONYMOUS, _repo(server, "ann/both"))
        down = standing_on(conn, ANONYMOUS, _repo(server, "ann/root"))
    assert _drawn(up) == ["ann/tuned merge", "far/away merge"]
    assert up.branches[1].known is None
    assert _drawn(up.branches[0]) == ["ann/root finetune"]
    assert _drawn(down) == ["ann/tuned finetune"]
    assert _drawn(down.branches[0]) == ["ann/both merge"]
    assert down.branches[0].is_declared
    assert not down.branches[0].is_signed


def test_private_children_are_for_those_who_may_see_them(shared_server: LiveServer) -> None:
    server = shared_server
    _model(server, "bea/root")
    _model(server, "bea/secret", "bea/root", private=True)
    _model(server, "bea/child", "bea/secret")
    with server.hub.database.read() as conn:
        account = find_account(conn, "bea")
        owner = Caller(account, Token(0, "t", "write", clock.now()))
        root = _repo(server, "bea/root")
        assert _drawn(standing_on(conn, ANONYMOUS, root)) == []
        assert _drawn(standing_on(conn, owner, root)) == ["bea/secret finetune"]
        child = origins(conn, ANONYMOUS, _repo(server, "bea/child"))
        assert child.branches[0].known is None  # the name is the card's own; nothing more is told
        assert origins(conn, owner, _repo(server, "bea/child")).branches[0].known is not None


def test_cards_that_name_each_other_in_a_circle_come_to_an_end(shared_server: LiveServer) -> None:
    server = shared_server
    _model(server, "cat/a", "cat/b")
    _model(server, "cat/b", "cat/a")
    with server.hub.database.read() as conn:
        up = origins(conn, ANONYMOUS, _repo(server, "cat/a"))
    back = up.branches[0].branches[0]
    assert back.name == "cat/a"
    assert back.is_repeated
    assert back.branches == []


def test_a_popular_model_shows_so_many_and_counts_the_rest(
    shared_server: LiveServer, monkeypatch: object
) -> None:
    from paddock.hub.tables import repositories, repository_tags

    server = shared_server
    _model(server, "dan/base")
    _model(server, "dan/first", "dan/base")
    with server.hub.database.write() as conn:
        model = conn.execute(
            repositories.select().where(repositories.c.full_name == "dan/first")
        ).mappings().one()  # fmt: skip
        for number in range(MAX_WIDE + 5):
            name = f"dan/copy{number}"
            row = {**model, "full_name": name, "key": name, "public_id": f"copy{number}"}
            del row["id"]
            id_ = conn.execute(repositories.insert().values(row)).inserted_primary_key[0]
            tag = {"repo_id": id_, "tag": "base_model:finetune:dan/base"}
            conn.execute(repository_tags.insert().values(tag))
    with server.hub.database.read() as conn:
        down = standing_on(conn, ANONYMOUS, _repo(server, "dan/base"))
    assert len(down.branches) == MAX_WIDE
    assert down.more == 6


def test_signed_lineage_counts_only_with_a_right_signature(
    shared_server: LiveServer, tmp_path: Path
) -> None:
    server = shared_server
    token = server.user("eva")
    _model(server, "eva/root")
    said = document(ancestors=[{"id": "eva/root", "path": ["adapter"]},
                               {"id": "old/one", "path": ["adapter", "finetune"]}])  # fmt: skip
    publish(server, token, "eva/signed", release_files(said, KEY), tmp_path / "signed")
    files = release_files(said, KEY)
    files["release.oms.json"] = release_files(document("9"), KEY)["release.oms.json"]
    publish(server, token, "eva/forged", files, tmp_path / "forged")
    with server.hub.database.read() as conn:
        down = standing_on(conn, ANONYMOUS, _repo(server, "eva/root"))
        assert [(b.name, b.relation, b.is_signed, b.is_declared) for b in down.branches] == [
            ("eva/signed", "adapter", True, False)
        ]
        assert down.branches[0].known is not None
        assert down.branches[0].known.version == "1.0.0"
        mine = _repo(server, "eva/root")
        (fingerprint,) = conn.exec_driver_sql("SELECT fingerprint FROM release_keys").scalars()
        assert also_signed(conn, ANONYMOUS, mine, [fingerprint]) == {fingerprint: ["eva/signed"]}
    server.api(token).delete_file("release.json", "eva/signed")
    server.run_jobs()
    with server.hub.database.read() as conn:
        assert _drawn(standing_on(conn, ANONYMOUS, _repo(server, "eva/root"))) == []
