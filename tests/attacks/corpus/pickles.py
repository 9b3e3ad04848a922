"""Cases 01 to 17: pickles whose opcodes ask for more than tensors, however they spell it."""

from __future__ import annotations

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Expected, Family, Variants
from tests.checkpoint.pickles import honest

FAMILY = Family("pickle")
R = Expected.REJECT


def one(name: str, content: bytes, file: str = "model.pkl") -> tuple[str, dict[str, bytes]]:
    return name, {file: content}


@FAMILY.case(1, "os.system called by REDUCE", R)
def os_system() -> Variants:
    for protocol in op.PROTOCOLS:
        yield one(f"p{protocol}", op.hostile(protocol))
    yield one("framed", op.framed(op.hostile(4)[2:]))
    yield one("newobj", op.proto(2) + op.named("os", "system") + op.tuple_of(op.text("true"))
              + op.NEWOBJ + op.STOP)  # fmt: skip


@FAMILY.case(2, "the platform's own module behind os.system", R)
def platform_system() -> Variants:
    for module in ("posix", "nt"):
        for protocol in (0, 2, 4):
            yield one(
                f"{module}-p{protocol}", op.calling(module, "system", "true", protocol=protocol)
            )
    yield one("posix-popen", op.calling("posix", "popen", "true"))


@FAMILY.case(3, "builtins.eval", R)
def builtins_eval() -> Variants:
    for module in ("builtins", "__builtin__"):
        for name in ("eval", "exec", "compile", "__import__", "getattr", "open"):
            yield one(f"{module.strip('_')}-{name.strip('_')}", op.calling(module, name, "None"))


@FAMILY.case(4, "the result of the call is popped, so that the object looks harmless", R)
def popped() -> Variants:
    attack = op.hostile()[2:-1]
    yield one("pop", op.proto(2) + attack + op.POP + op.EMPTY_DICT + op.STOP)
    yield one("pop-mark", op.proto(2) + op.MARK + attack + b"1" + op.EMPTY_DICT + op.STOP)
    yield one("before-tensors", op.proto(2) + attack + op.POP + honest()[2:])


@FAMILY.case(5, "STACK_GLOBAL whose names were pushed apart", R)
def split_names() -> Variants:
    push = {
        "text": op.text, "short": op.short_text, "line": op.line_text, "string": op.line_string,
        "long": op.long_text,
    }  # fmt: skip
    for name, spelled in push.items():
        names = spelled("os") + spelled("system") + op.STACK_GLOBAL
        yield one(name, op.proto(4) + op.call(names, op.text("true")) + op.STOP)
    between = op.short_text("os") + op.short_text("x") + op.POP + op.short_text("system")
    yield one(
        "junk-between", op.proto(4) + op.call(between + op.STACK_GLOBAL, op.text("true")) + b"."
    )
    mixed = op.line_string("os") + op.short_text("system") + op.STACK_GLOBAL
    yield one("mixed", op.proto(4) + op.call(mixed, op.text("true")) + op.STOP)
    dup = op.short_text("eval") + op.DUP + op.POP + b"0" + op.short_text("builtins")
    body = dup + op.short_text("eval") + op.STACK_GLOBAL
    yield one("dup", op.proto(4) + op.call(body, op.text("None")) + op.STOP)


@FAMILY.case(6, "STACK_GLOBAL whose names come from the memo", R)
def memo_names() -> Variants:
    store = op.short_text("os") + op.put(0) + op.POP + op.short_text("system") + op.put(1) + op.POP
    names = store + op.get(0) + op.get(1) + op.STACK_GLOBAL
    yield one("binput", op.proto(4) + op.call(names, op.text("true")) + op.STOP)
    store = (
        op.short_text("system") + op.MEMOIZE + op.POP + op.short_text("os") + op.MEMOIZE + op.POP
    )
    names = store + op.get(1) + op.get(0) + op.STACK_GLOBAL
    yield one("memoize", op.proto(4) + op.call(names, op.text("true")) + op.STOP)
    store = op.line_text("os") + b"p0\n0" + op.line_text("system") + b"p1\n0"
    yield one("lines", op.proto(4) + op.call(store + b"g0\ng1\n\x93", op.text("true")) + op.STOP)
    swap = op.short_text("json") + op.put(0) + b"0" + op.short_text("os") + op.put(0) + b"0"
    names = swap + op.get(0) + op.short_text("system") + op.STACK_GLOBAL
    yield one("overwritten", op.proto(4) + op.call(names, op.text("true")) + op.STOP)
    whole = op.named("os", "system") + op.put(7) + b"0" + op.get(7)
    yield one("callable", op.proto(2) + op.call(whole, op.text("true")) + op.STOP)
    far = op.named("os", "system") + b"r" + (70_000).to_bytes(4, "little") + b"0"
    far += b"j" + (70_000).to_bytes(4, "little")
    yield one("long-slot", op.proto(2) + op.call(far, op.text("true")) + op.STOP)


@FAMILY.case(7, "pkgutil.resolve_name, which turns any text into any function", R)
def resolve_name() -> Variants:
    resolved = op.call(op.named("pkgutil", "resolve_name"), op.text("os:system"))
    for protocol in (2, 4):
        spelled = op.call(op.global_of("pkgutil", "resolve_name", protocol), op.text("os:system"))
        yield one(f"p{protocol}", op.proto(protocol) + op.call(spelled, op.text("true")) + op.STOP)
    yield one("only-resolved", op.proto(2) + resolved + op.STOP)


@FAMILY.case(8, "importlib.import_module", R)
def import_module() -> Variants:
    for module in ("importlib", "importlib._bootstrap", "imp", "runpy", "zipimport"):
        name = {"importlib._bootstrap": "_gcd_import", "imp": "load_source", "runpy": "run_path",
                "zipimport": "zipimporter"}.get(module, "import_module")  # fmt: skip
        yield one(module, op.calling(module, name, "this"))


@FAMILY.case(9, "a global of a module that nobody knows", R)
def unknown_global() -> Variants:
    yield one("unknown", op.calling("acme_internal.layers", "Adapter", "true"))
    yield one("unknown-alone", op.proto(2) + op.named("acme_internal", "Thing") + op.STOP)
    yield one("unicode-module", op.calling("ｏｓ", "system", "true"))
    yield one("no-module", op.calling("", "system", "true"))
    yield one("spaces", op.calling("os ", "system", "true"))
    yield one("number-module", op.proto(4) + op.call(op.number(42) + op.short_text("system")
              + op.STACK_GLOBAL, op.text("true")) + op.STOP)  # fmt: skip


@FAMILY.case(10, "torch.hub.load", R)
def torch_hub() -> Variants:
    yield one("hub", op.calling("torch.hub", "load", "acme/repo", "entry"))
    yield one("load", op.calling("torch", "load", "other.pt"))
    yield one("serialization", op.calling("torch.serialization", "load", "other.pt"))
    yield one("inductor", op.calling("torch._inductor.codecache", "compile_file", "true"))
    yield one("dotted", op.proto(4) + op.call(op.global_of("torch._utils", "os.system", 4),
              op.text("true")) + op.STOP)  # fmt: skip


@FAMILY.case(11, "a chain of operator.attrgetter", R)
def attrgetter() -> Variants:
    getter = op.call(op.named("operator", "attrgetter"), op.text("system"))
    yield one("chain", op.proto(2) + op.call(op.call(getter, op.named("os", "path")), op.text("true"))
              + op.STOP)  # fmt: skip
    caller = op.call(op.named("operator", "methodcaller"), op.text("system"), op.text("true"))
    yield one(
        "methodcaller", op.proto(2) + op.call(caller, op.named("builtins", "object")) + op.STOP
    )
    item = op.call(op.named("_operator", "itemgetter"), op.text("eval"))
    yield one("itemgetter", op.proto(2) + op.call(item, op.named("builtins", "__dict__")) + op.STOP)
    yield one("partial", op.proto(2) + op.call(op.named("functools", "partial"),
              op.named("os", "system"), op.text("true")) + op.STOP)  # fmt: skip


@FAMILY.case(12, "the standard library's many ways to run a text", R)
def runners() -> Variants:
    gadgets = (
        ("timeit", "timeit"), ("cProfile", "run"), ("profile", "run"), ("code", "interact"),
        ("marshal", "loads"), ("types", "FunctionType"), ("types", "CodeType"), ("pdb", "run"),
        ("trace", "Trace"), ("doctest", "debug_script"), ("subprocess", "Popen"),
        ("asyncio", "create_subprocess_shell"), ("webbrowser", "open"), ("pty", "spawn"),
        ("multiprocessing.util", "spawnv_passfds"), ("logging.config", "dictConfig"),
        ("ssl", "get_server_certificate"), ("shutil", "rmtree"), ("pip", "main"),
    )  # fmt: skip
    for module, name in gadgets:
        yield one(f"{module}.{name}", op.calling(module, name, "pass"))


@FAMILY.case(13, "a stream that is cut off before STOP", R)
def truncated() -> Variants:
    whole = op.hostile()
    yield one("no-stop", whole[:-1])
    yield one("half", whole[: len(whole) // 2])
    yield one("after-call-junk", whole[:-1] + b"\x00")
    yield one("header-only", op.proto(4))
    yield one("honest-cut", honest()[:-1])


@FAMILY.case(14, "a second pickle after STOP", R)
def second_pickle() -> Variants:
    for name, first in (("dict", op.proto(2) + op.EMPTY_DICT + op.STOP), ("tensors", honest())):
        yield one(name, first + op.hostile())
    yield one("after-padding", op.proto(2) + b"}." + bytes(64) + op.hostile())
    yield one("ten-harmless-first", (op.proto(2) + b"}.") * 10 + op.hostile())


@FAMILY.case(15, "bytes in the middle that are no opcode", R)
def junk() -> Variants:
    attack = op.hostile()[2:-1]
    yield one("after-call", op.proto(2) + attack + b"\xff\xfe" + op.STOP)
    yield one("before-call", op.proto(2) + b"\x00" + attack + op.STOP)
    yield one("bad-protocol", b"\x80\x63" + attack + op.STOP)
    yield one("bad-number", op.proto(2) + attack + b"Inot a number\n" + op.STOP)
    yield one("empty-stack", op.proto(2) + attack + op.POP + op.POP + op.STOP)


@FAMILY.case(16, "INST", R)
def inst() -> Variants:
    for protocol in (0, 1, 2, 4):
        body = op.instance("os", "system", op.line_text("true"))
        yield one(f"p{protocol}", op.proto(protocol) + body + op.STOP)


@FAMILY.case(17, "OBJ", R)
def obj() -> Variants:
    for protocol in (1, 2, 4):
        body = op.MARK + op.named("os", "system") + op.text("true") + op.OBJ
        yield one(f"p{protocol}", op.proto(protocol) + body + op.STOP)
