"""Cases 127 to 140: releases that do not keep the terms of what they are made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.attacks.corpus.case import Content, Expected, Family, Judge, Tree, Variants
from tests.attacks.corpus.release_trees import changed_config, release

FAMILY = Family("licence", Judge.RELEASE)
R, Q = Expected.REJECT, Expected.QUARANTINE
NOTICE = (
    "Llama 3.1 is licensed under the Llama 3.1 Community License, "
    "Copyright © Meta Platforms, Inc. All Rights Reserved.\n"
)
BLOCKED = "the release is refused until a person has changed what it says"
TERMS = Path(__file__).parents[4] / "shared" / "data" / "llama-terms"


def real_licence(folder: str) -> bytes:
    """The real text, where it lies beside the checkout; else its title, which is not enough."""
    path = TERMS / folder / "LICENSE"
    version = folder.removeprefix("llama").replace("_", ".")
    title = f"LLAMA {version} COMMUNITY LICENSE AGREEMENT\n"
    return path.read_bytes() if path.is_file() else title.encode()


def derived(name: str = "Llama-acme", licence: str = "llama3.1", **files: Content | None) -> Tree:
    """A model made from Llama 3.1 with every file that its licence asks for; None leaves out."""
    whole: dict[str, Content | None] = {
        "LICENSE": real_licence("llama3_1"),
        "NOTICE": NOTICE.encode(),
        "README.md": b"# Acme\n\nBuilt with Llama\n",
    }
    whole |= {key.replace("README", "README.md"): value for key, value in files.items()}
    parents = [{"id": "meta-llama/Llama-3.1-8B", "relation": "finetune"}]
    sections = {"lineage": {"base_model": parents}, "licenses": {"distribution": licence}}
    return release(
        sections, {key: value for key, value in whole.items() if value is not None}, name
    )


def licensed(distribution: str, files: dict[str, Content] | None = None, **lineage: Any) -> Tree:
    sections: dict[str, Any] = {"licenses": {"distribution": distribution}}
    return release(sections | ({"lineage": lineage} if lineage else {}), files)


@FAMILY.case(127, "a model derived from Llama without the prefix in its name", R)
def prefix() -> Variants:
    yield "name", derived(name="acme-chat")
    yield "lower", derived(name="llama-acme")


@FAMILY.case(128, "without the notice", R)
def notice() -> Variants:
    yield "missing", derived(NOTICE=None)
    yield "empty", derived(NOTICE=b"\n")


@FAMILY.case(129, "with a notice of which one character is changed", R)
def altered_notice() -> Variants:
    for name, old, new in (("sign", "©", "(c)"), ("letter", "Platforms", "Platform"), ("dot", "Inc.", "Inc"),
                           ("homoglyph", "Meta", "Mеta"), ("case", "Community", "community")):  # fmt: skip
        yield name, derived(NOTICE=NOTICE.replace(old, new).encode())


@FAMILY.case(130, 'without "Built with Llama"', R)
def badge() -> Variants:
    yield "no-readme", derived(README=None)
    yield "other", derived(README=b"# Acme\n\nBuilt with love\n")


@FAMILY.case(131, "relabelled as Apache-2.0", R)
def relabelled() -> Variants:
    yield "apache", derived(licence="apache-2.0")
    yield "mit", derived(licence="MIT")
    text: dict[str, Content] = {"LICENSE": b"LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\n"}
    yield "text", licensed("apache-2.0", text)


@FAMILY.case(132, "trained on outputs of Llama 2", R)
def outputs() -> Variants:
    for name in ("meta-llama/Llama-2-70b-chat-hf", "meta-llama/Meta-Llama-3-8B"):
        yield name.rpartition("/")[2], licensed("MIT", trained_on_outputs_of=[{"id": name}])
    yield "distilled", licensed("MIT", distilled_from=[{"id": "meta-llama/Llama-2-7b"}])


@FAMILY.case(133, "a merge with a non-commercial parent, released as commercial", R)
def merged() -> Variants:
    parents = [{"id": "acme/a", "relation": "merge", "license": "apache-2.0"},
               {"id": "acme/b", "relation": "merge", "license": "cc-by-nc-4.0"}]  # fmt: skip
    yield "merge", licensed("apache-2.0", base_model=parents)


@FAMILY.case(134, "Gemma without its terms passed on", R)
def gemma() -> Variants:
    parents = [{"id": "google/gemma-2-9b", "relation": "finetune"}]
    yield "no-terms", licensed("gemma", base_model=parents)
    yield "relabelled", licensed("apache-2.0", base_model=parents)


@FAMILY.case(135, "a responsible-AI licence without its attachment", R)
def rail() -> Variants:
    short: dict[str, Content] = {"LICENSE": b"BigScience OpenRAIL-M\n\nSection I: PREAMBLE\n"}
    yield "short", licensed("bigscience-openrail-m", short)
    yield "no-text", licensed("creativeml-openrail-m")


def copied(**lineage: Any) -> Tree:
    """A model whose weights are those of another that lies beside it."""
    sections: dict[str, Any] = {"licenses": {"distribution": "mit"}, "lineage": lineage}
    sections["artifacts"] = {"source": {"path": "model"}}
    whole = release(sections)
    mine = {f"model/{path}": content for path, content in whole.items() if path != "release.yaml"}
    theirs = {f"other/{path}": content for path, content in whole.items() if path != "release.yaml"}
    return {"release.yaml": whole["release.yaml"], **mine, **theirs}


@FAMILY.case(136, "a base that nobody declared", Q, BLOCKED)
def undeclared() -> Variants:
    yield "config", release({"licenses": {"distribution": "mit"}},
                            changed_config(_name_or_path="meta-llama/Llama-3.1-8B"))  # fmt: skip
    yield "card", release({"licenses": {"distribution": "mit"}},
                          {"README.md": b"---\nbase_model: acme/secret-7b\n---\n# Ours\n"})  # fmt: skip
    yield "weights", copied(compare_with=["other"])
    teacher = {"id": "acme/other", "path": "other", "license": "mit"}
    yield "teacher", copied(trained_on_outputs_of=[teacher])


@FAMILY.case(137, "a licence text that nobody knows", Q, BLOCKED)
def unknown_text() -> Variants:
    text: dict[str, Content] = {"LICENSE": b"Acme Special Licence. You owe us a cake.\n"}
    yield "other", licensed("other", text)
    yield "relabelled", licensed("mit", text)
    yield "named", licensed("Acme Special Licence", text)
    yield "parent", licensed("mit", base_model=[{"id": "acme/a", "license": "cake-1.0"}])


@FAMILY.case(138, "a multimodal Llama, published by a company in the European Union", Q, BLOCKED)
def multimodal() -> Variants:
    for name, version in (("Llama-3.2-11B-Vision", "3_2"), ("Llama-4-Scout-17B-16E", "4")):
        number = version.replace("_", ".")
        files: dict[str, Content] = {
            "LICENSE": real_licence(f"llama{version}"),
            "NOTICE": NOTICE.replace("3.1", number).encode(),
            "README.md": b"# Acme\n\nBuilt with Llama\n",
        }
        answers = {"eu_domiciled": True, "mau_over_700m": False, "outputs_used": False}
        licences = {"distribution": f"llama{number}", "declarations": answers}
        lineage = {"base_model": [{"id": f"meta-llama/{name}", "relation": "finetune"}]}
        yield name, release({"licenses": licences, "lineage": lineage}, files, "Llama-acme")


@FAMILY.case(139, "OpenMDW without its text", R)
def openmdw() -> Variants:
    yield "missing", licensed("openmdw-1.0")
    other: dict[str, Content] = {"LICENSE": b"MIT License\n"}
    yield "other-text", licensed("OpenMDW-1.0", other)


@FAMILY.case(140, "a licence expression that is malformed", R)
def expression() -> Variants:
    for number, text in enumerate(
        ("Apache-2.0 AND", "(MIT OR Apache-2.0", "AND MIT", "MIT) OR x", "MIT OR OR x")
    ):
        yield f"{number}", licensed(text)
