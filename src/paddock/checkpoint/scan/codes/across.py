"""Codes of files compared with each other, and of what other scanners say of them."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _Q, _W = Level.REJECT, Level.QUARANTINE, Level.WARN

ACROSS: dict[str, Code] = {
    "bad_index": Code(
        _R,
        "the index and the shards do not fit each other",
        "write both again with one tool",
    ),
    "config_mismatch": Code(
        _Q,
        "the configuration does not fit the tensors or the tokenizer",
        "export the model again with one tool",
    ),
    "dtype_mismatch": Code(
        _W, "the configuration names another number type than the tensors have", "correct it"
    ),
    "base_unnamed": Code(
        _W, "an adapter does not say which model it belongs to", "name it in adapter_config.json"
    ),
    "licence_relabelled": Code(
        _R,
        "the card names another licence than the files stand under",
        "name the licence of the text that is there",
    ),
    "licence_altered": Code(
        _R,
        "a licence or notice that must be passed on as it is was changed",
        "copy the original text",
    ),
    "licence_unclear": Code(
        _Q, "it is not clear which licence the files stand under", "name it, and add its text"
    ),
    # Other people's scanners, where they were asked
    "second_opinion": Code(
        _R, "another scanner calls the file dangerous", "do not load it; compare the reasons"
    ),
    "second_opinion_doubt": Code(
        _W,
        "another scanner does not know the file for harmless; some say so of any tensors",
        "read what it says",
    ),
    "second_opinion_missing": Code(
        _Q,
        "another scanner was asked and did not finish, so its word is missing",
        "run that scanner by hand, or scan without it",
    ),
}
