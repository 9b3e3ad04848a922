"""Settings: where each value comes from, and that a wrong one is never ignored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from paddock import cli
from paddock.config import BadSetting, Settings, explain_settings, load_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(
    empty_folder: Path,
) -> None:
    assert load_settings(environ={}).port == 8000
    (empty_folder / "paddock.toml").write_text('port = 8001\nhost = "0.0.0.0"\n')
    assert load_settings(environ={}).port == 8001
    assert load_settings(environ={"PADDOCK_PORT": "8002"}).port == 8002
    found = explain_settings({"port": 8003}, environ={"PADDOCK_PORT": "8002"})
    assert found["port"] == (8003, "flag")
    assert found["host"] == ("0.0.0.0", "paddock.toml")
    assert found["data"].origin == "default"


def test_the_home_folder_is_found_however_settings_are_made(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(empty_folder))
    own = empty_folder / "own"
    assert Settings(packed_folder=Path("~/own")).packed_folder == own
    assert Settings().config_home == empty_folder / ".config" / "paddock"
    assert load_settings({}, environ={"PADDOCK_PACKED_FOLDER": "~/own"}).packed_folder == own


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert load_settings({"port": None}, environ={}).port == 8000


def test_an_unknown_key_in_the_file_is_an_error_that_names_the_right_one(
    empty_folder: Path,
) -> None:
    (empty_folder / "paddock.toml").write_text("prot = 8001\n")
    with pytest.raises(BadSetting, match="unknown setting 'prot'") as refused:
        load_settings(environ={})
    assert refused.value.hint == "did you mean port?"


def test_an_unknown_variable_is_an_error_that_names_the_right_one() -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings(environ={"PADDOCK_DATABASE_URI": "x"})
    assert refused.value.hint == "did you mean PADDOCK_DATABASE_URL?"


def test_the_stock_clients_variables_are_understood_and_ours_win() -> None:
    theirs = {"HF_ENDPOINT": "https://hub.example/", "HF_TOKEN": "hf_theirs"}
    settings = load_settings(environ=theirs)
    assert (settings.hub_url, settings.token) == ("https://hub.example", "hf_theirs")
    both = load_settings(environ={**theirs, "PADDOCK_TOKEN": "hf_ours"})
    assert both.token == "hf_ours"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PADDOCK_PORT", "eighty"),
        ("PADDOCK_PORT", "-1"),
        ("PADDOCK_PORT", "65536"),
        ("PADDOCK_LOG_LEVEL", "loud"),
        ("PADDOCK_HUB_URL", "hub.example"),
        ("PADDOCK_PUBLIC_URL", "http://a b"),
        ("PADDOCK_UPSTREAM", "ftp://hub.example.org"),
        ("PADDOCK_CONFIG", "/nowhere/paddock.toml"),
    ],
)
def test_an_impossible_value_is_refused_with_its_origin(variable: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings(environ={variable: value})
    assert value in refused.value.message
    assert variable in refused.value.message


@pytest.mark.parametrize("content", ["port = true", "port = 8.5", 'host = ["a"]', "port =", "\xff"])
def test_a_file_of_wrong_types_or_no_toml_is_refused(empty_folder: Path, content: str) -> None:
    (empty_folder / "paddock.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(BadSetting):
        load_settings(environ={})


@given(st.text())
def test_any_text_for_a_port_is_a_number_or_an_error_of_ours(text: str) -> None:
    try:
        port = load_settings(environ={"PADDOCK_PORT": text}).port
    except BadSetting:
        return
    assert 0 <= port <= 65535


def test_paddock_config_prints_values_and_origins_but_no_secret() -> None:
    environ = {"PADDOCK_PORT": "8123", "HF_TOKEN": "hf_very_secret"}
    answer = CliRunner().invoke(cli.root, ["config", "--json"], env=environ)
    assert "hf_very_secret" not in answer.output
    rows = json.loads(answer.output)
    assert rows["port"]["value"] == 8123
    assert rows["port"]["origin"] == "PADDOCK_PORT"
    assert rows["token"] == {
        "value": "[set]",
        "origin": "HF_TOKEN",
        "meaning": "access token for that hub",
    }
    as_text = CliRunner().invoke(cli.root, ["config"], env=environ)
    assert "8123  (PADDOCK_PORT)" in as_text.output
    assert "hf_very_secret" not in as_text.output
