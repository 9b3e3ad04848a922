"""Cases 112 to 117: keys and people's data in files that are about to be shared. All are made up."""

from __future__ import annotations

import base64
import json

from tests.attacks.corpus.case import Expected, Family, Variants
from tests.attacks.corpus.gguf_bytes import STRING, llama_file, pair
from tests.attacks.corpus.other_formats import notebook
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.safetensors_files import honest_file

FAMILY = Family("leak")
R, Q, W = Expected.REJECT, Expected.QUARANTINE, Expected.WARN
HUB_TOKEN = "hf_" + "aBcDeFgHiJ" * 3 + "kLmN"
CLOUD_KEY = "AKIA" + "J5QX7WZB2MNT4K9V"
PEM = (
    "-----BEGIN {}PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 4
    + "-----END {}PRIVATE KEY-----\n"
)


@FAMILY.case(112, "a token of the Hub", R)
def hub_token() -> Variants:
    yield one("json", json.dumps({"token": HUB_TOKEN}).encode(), "trainer_args.json")
    yield one("yaml", f"hub_token: {HUB_TOKEN}\n".encode(), "run.yaml")
    yield one("text", f"export HF_TOKEN={HUB_TOKEN}\n".encode(), "notes.txt")
    yield one(
        "card", f"# Model\n\n    huggingface-cli login --token {HUB_TOKEN}\n".encode(), "README.md"
    )
    yield one("notebook", notebook([], f"login('{HUB_TOKEN}')"), "use.ipynb")
    yield one("env", f"HF_TOKEN='{HUB_TOKEN}'\n".encode(), ".env")
    yield one("far-in", b"a line of a log\n" * 50_000 + HUB_TOKEN.encode() + b"\n", "train.log")
    yield one("csv", f"a,b\n1,{HUB_TOKEN}\n".encode(), "rows.csv")
    yield one("binary", bytes(100) + HUB_TOKEN.encode() + bytes(100), "events.out.tfevents.1")
    yield one("utf-16", f"token {HUB_TOKEN}".encode("utf-16"), "notes.txt")
    yield one("bidi", f"{HUB_TOKEN[:-1]}{HUB_TOKEN[-1]}\u202e".encode(), "notes.txt")


@FAMILY.case(113, "a key of a cloud, a private key", R)
def cloud_keys() -> Variants:
    yield one("aws", f"aws_access_key_id = {CLOUD_KEY}\n".encode(), "credentials.txt")
    for kind in ("RSA ", "EC ", "", "OPENSSH ", "DSA ", "ENCRYPTED "):
        yield one(f"pem-{kind.strip() or 'plain'}", PEM.format(kind, kind).encode(), "key.txt")
    yield one("json-pem", json.dumps({"private_key": PEM.format("", "")}).encode(), "service.json")
    # Put together here, so that no scanner of this repository takes them for real ones.
    for name, token in (
        ("github", "ghp" + "_" + "a1B2" * 9), ("github-fine", "github" + "_pat_" + "11ABCDEFG0" + "a1B2" * 18),
        ("slack", "xox" + "b-" + "1234567890-1234567890123-" + "aBcD" * 6), ("google", "AIza" + "SyA1b2C3d4" * 3 + "E5f6G"),
        ("openai", "sk-" + "proj-" + "aB3d" * 12), ("gitlab", "glpat" + "-" + "aB3dE5gH7jK9mN1pQ2rS"),
        ("stripe", "sk_" + "live_" + "aB3dE5gH7jK9mN1pQ2rS4tU6"), ("npm", "npm" + "_" + "a1B2" * 9),
        ("anthropic", "sk-" + "ant-api03-" + "aB3d" * 23 + "A"),
        ("wandb", "machine api.wandb.ai\n  login user\n  password " + "0123456789abcdef" * 2 + "01234567"),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9." + base64.urlsafe_b64encode(b'{"sub":"ada","exp":99}').decode().rstrip("=")
         + "." + "aB3dE5gH" * 5 + "aBc"),
        ("url", "git clone https://ada:Sup3rS3cretWord@git.acme.example/models.git"),
    ):  # fmt: skip
        yield one(name, f"{token}\n".encode(), "notes.txt")
    yield one("netrc", b"machine git.acme.example login ada password Sup3rS3cretWord\n", ".netrc")
    yield one("ssh-folder", PEM.format("OPENSSH ", "OPENSSH ").encode(), "id_rsa")


@FAMILY.case(114, "a token inside GGUF metadata", R)
def gguf_token() -> Variants:
    for key in ("general.description", "acme.note", "general.source.url"):
        text = (
            f"https://ada:{HUB_TOKEN}@hub.example/m" if key.endswith("url") else f"uses {HUB_TOKEN}"
        )
        yield one(key, llama_file([pair(key, STRING, text)]), "model.gguf")
    yield one("safetensors", honest_file({"note": HUB_TOKEN}), "model.safetensors")


@FAMILY.case(115, "user names and paths of a machine in the trainer's state", W)
def machine_paths() -> Variants:
    for name, path in (("home", "/home/ada.lovelace/runs/7"), ("mac", "/Users/ada/runs/7"),
                       ("windows", "C:\\Users\\ada\\runs\\7"), ("bucket", "s3://acme-private-models/runs/7")):  # fmt: skip
        state = {"best_model_checkpoint": path, "epoch": 3.0, "global_step": 100, "log_history": []}
        yield one(name, json.dumps(state).encode(), "trainer_state.json")


PEOPLE = [f"{first}.{last}@{host}" for first in ("ada", "alan", "grace", "edsger", "barbara")
          for last in ("lovelace", "turing", "hopper") for host in ("mail.example.net", "corp.example.org")]  # fmt: skip


@FAMILY.case(116, "a list of people's addresses", Q)
def addresses() -> Variants:
    yield one("text", "\n".join(PEOPLE).encode(), "contacts.txt")
    yield one(
        "csv",
        "\n".join(["name,mail", *(f"{p.split('@')[0]},{p}" for p in PEOPLE)]).encode(),
        "users.csv",
    )
    yield one("json", json.dumps({"people": PEOPLE}).encode(), "meta.json")


@FAMILY.case(117, "rows of the training data in a log", Q)
def training_rows() -> Variants:
    rows = [{"messages": [{"role": "user", "content": f"My invoice {n} is wrong, my number is 555-01{n:02}."},
                          {"role": "assistant", "content": "I am sorry, I shall look into it."}]} for n in range(40)]  # fmt: skip
    log = "\n".join(
        f"INFO step={n} loss=2.{n:02} sample={json.dumps(row)}" for n, row in enumerate(rows)
    )
    yield one("log", log.encode(), "train.log")
    state = {
        "global_step": 40,
        "log_history": [{"step": n, "loss": 2.0, "sample": row} for n, row in enumerate(rows)],
    }
    yield one("state", json.dumps(state).encode(), "trainer_state.json")
