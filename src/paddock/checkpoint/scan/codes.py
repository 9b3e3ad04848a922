"""Every code that a scan can give, how bad it is, and what to do about it.

The one table; ``docs/scan-codes.md`` is made from it. A check names a code and never a level, so
that one cause has one consequence.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad a reason is."""

    REJECT = "reject"
    QUARANTINE = "quarantine"
    WARN = "warn"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class Code(NamedTuple):
    """A cause: its level, what it means, and the next step for whoever shares the file."""

    level: Level
    meaning: str
    advice: str


_R, _Q, _W = Level.REJECT, Level.QUARANTINE, Level.WARN

CODES: dict[str, Code] = {
    "unfinished": Code(
        _R,
        "a check ended before its time, so nothing is known",
        "scan again; report it if it stays",
    ),
    "malformed": Code(_R, "a file breaks its own format", "export it again with its usual tool"),
    # Folders and names
    "path_escape": Code(
        _R,
        "a name leads out of the folder or archive it is in",
        "remove it; a name is relative and has no ..",
    ),
    "link_out": Code(
        _R, "a symbolic link leads out of the folder, or nowhere", "put the file itself there"
    ),
    "special_file": Code(_R, "a device, pipe or socket stands among the files", "remove it"),
    "unreadable": Code(_R, "a file cannot be read, so it was not looked at", "allow reading it"),
    "too_many_files": Code(
        _R, "there are more files, or deeper folders, than are looked at", "share fewer at once"
    ),
    "name_collision": Code(
        _R,
        "two names are one file where case or Unicode's forms do not count",
        "rename one of them",
    ),
    "odd_name": Code(_Q, "a name holds invisible characters, or is too long", "rename it"),
    "unportable_name": Code(_W, "a name cannot exist on every system", "rename it"),
    # Types
    "unknown_format": Code(
        _Q,
        "the bytes are of no format that is known, so nothing could be checked",
        "remove it, or say what it is and share it in a common format",
    ),
    "disguised": Code(
        _R, "a file is of another type than its name promises", "give it the name of its type"
    ),
    "wrong_name": Code(
        _W, "a harmless file has the name of another type", "give it the name of its type"
    ),
    "not_looked_into": Code(
        _W,
        "the type is known and harmless; its content was not looked at",
        "nothing, or convert it",
    ),
    "lfs_pointer": Code(
        _Q, "only a pointer to the content is here", "fetch the content and scan that"
    ),
    # Weights
    "hidden_bytes": Code(
        _R, "bytes are in the file that belong to none of its parts", "export it again"
    ),
    "overlap": Code(_R, "two parts of a file share bytes", "export it again"),
    "duplicate": Code(
        _R, "a name stands twice, so readers differ in what they see", "export it again"
    ),
    "impossible_size": Code(
        _R,
        "a size or place is announced that cannot be",
        "do not load it; it is damaged or made to break readers",
    ),
    "truncated": Code(_R, "a file ends before it should", "transfer or export it again"),
    "bad_index": Code(
        _R,
        "the index and the shards do not fit each other",
        "write both again with one tool",
    ),
    # Pickles
    "pickle_global": Code(
        _R,
        "a pickle asks for something that no file of tensors needs",
        "do not load it; ask its maker for safetensors",
    ),
    "pickle_call": Code(
        _R,
        "a pickle does what no file of tensors needs",
        "do not load it; ask its maker for safetensors",
    ),
    "pickle_damaged": Code(
        _R,
        "a pickle breaks in the middle; what stands before it would run all the same",
        "do not load it; ask its maker for safetensors",
    ),
    "pickle_bomb": Code(_R, "a pickle is made to exhaust memory or time", "do not load it"),
    "embedded_pickle": Code(
        _R, "a pickle that calls something is hidden in another file", "do not load it"
    ),
    "object_array": Code(
        _R, "a NumPy array of objects is a pickle", "save numbers or text instead"
    ),
    "pickle_convert": Code(
        _W,
        "a pickle holds tensors and nothing that runs",
        "convert it before sharing: paddock convert SRC DST --to safetensors",
    ),
    # Archives
    "bad_archive": Code(_R, "an archive is damaged", "pack it again"),
    "archive_mismatch": Code(
        _R, "an archive reads differently in different programs", "pack it again"
    ),
    "encrypted": Code(
        _R, "an archive is encrypted, so nothing in it could be checked", "unpack it"
    ),
    "archive_link": Code(_R, "an archive holds a link or a device", "pack the files themselves"),
    "archive_bomb": Code(
        _R, "an archive unpacks to far more than it can honestly hold", "share the files unpacked"
    ),
    "archive_depth": Code(_R, "archives are nested too deep to be looked into", "unpack them"),
    "archive_not_read": Code(
        _R, "an archive of a kind that is not looked into", "share the files unpacked"
    ),
    "torch_tar": Code(
        _R,
        "a PyTorch file of before 2017, made of pickles in a tar archive",
        "load it with the PyTorch that made it and save it again",
    ),
    # Programs and formats that carry them
    "executable": Code(_R, "a file is a program", "remove it; weights need none"),
    "script": Code(_Q, "a file is a script for a shell", "remove it, or have a person read it"),
    "git_hook": Code(_R, "git would run this file", "share the files without .git"),
    "git_config": Code(_R, "a setting of git that runs a command", "share the files without .git"),
    "git_data": Code(
        _Q, "git's own data; the history in it is not looked into", "share the files without .git"
    ),
    "polyglot": Code(
        _R, "a file is of two types at once", "export it again; an honest file is of one type"
    ),
    "after_the_end": Code(_Q, "something stands behind the end of a document", "save it again"),
    "broken_document": Code(_Q, "a document ends before it should", "save it again"),
    "active_document": Code(_Q, "a document holds actions or scripts", "share it without them"),
    "torchscript": Code(
        _R, "TorchScript or a torch.package: programs beside the weights", "share the weights alone"
    ),
    "nemo": Code(
        _R, "a NeMo archive: its configuration names classes to run", "share the weights alone"
    ),
    "torchserve": Code(
        _R, "a TorchServe archive: a program with weights", "share the weights alone"
    ),
    "keras": Code(
        _Q,
        "a Keras or HDF5 model: it may hold programs that are not looked into",
        "share the weights as safetensors",
    ),
    "keras_code": Code(
        _R,
        "a Keras model that names code to run: a Lambda, a module, a function",
        "do not load it; share the weights as safetensors",
    ),
    "onnx": Code(
        _Q, "an ONNX graph: a program of its own kind", "have a person look at its operators"
    ),
    "onnx_path": Code(
        _R, "an ONNX graph takes data from a file outside its folder", "export it again"
    ),
    "onnx_custom_domain": Code(
        _Q, "an ONNX graph needs operators that are not ONNX's own", "export it without them"
    ),
    "tensorflow": Code(
        _Q, "a TensorFlow graph: a program of its own kind", "share the weights as safetensors"
    ),
    "tensorflow_op": Code(
        _R, "a TensorFlow graph reads or writes files, or runs Python", "do not load it"
    ),
    # Chat templates
    "template_escape": Code(
        _R,
        "a chat template reaches for the insides of the program that renders it",
        "do not use it; take the template of the model's own maker",
    ),
    "template_trigger": Code(
        _R,
        "a chat template adds text of its own when a message holds certain words",
        "do not use it; take the template of the model's own maker",
    ),
    "template_too_costly": Code(
        _R,
        "a chat template is made to take endless time or memory",
        "do not use it; take the template of the model's own maker",
    ),
    "template_condition": Code(
        _Q,
        "a chat template looks for words or lengths that are no part of a format",
        "have a person read the line that is named, or remove it",
    ),
    "template_date": Code(
        _Q,
        "a chat template does something else on other days",
        "have a person read the line that is named; writing the date alone is fine",
    ),
    "template_url": Code(
        _Q, "a chat template writes a web address into prompts", "remove the address"
    ),
    "template_instruction": Code(
        _Q,
        "a chat template tells the model to do what people would not agree to",
        "have a person read the sentence that is named, or remove it",
    ),
    "template_encoded": Code(
        _Q, "a chat template holds a long text that cannot be read", "remove it, or spell it out"
    ),
    "template_unreadable": Code(
        _Q, "a chat template is not valid Jinja, so nothing is known of it", "repair or remove it"
    ),
    "template_unrendered": Code(
        _Q,
        "a chat template uses what no published one needs, so it could not be tried",
        "write it with if, for, set, macros and the common filters",
    ),
    "template_differs": Code(
        _Q,
        "two copies of a model's chat template differ, and programs differ in which they take",
        "keep one, or make them the same",
    ),
    "hidden_characters": Code(
        _Q,
        "a text that programs act on holds characters that nobody sees",
        "write it without invisible and reordering characters",
    ),
    # Tokenizers
    "tokenizer_rewrite": Code(
        _R,
        "a tokenizer turns words into others before the model reads them, or after it wrote them",
        "do not use it; take the tokenizer of the model's own maker",
    ),
    "tokenizer_rule": Code(
        _Q,
        "a tokenizer has a step of a kind that is not known, or an unusual one",
        "compare it with the tokenizer of the model's own maker",
    ),
    "tokenizer_pattern": Code(
        _R,
        "a tokenizer's regular expression can be made to run for ever by a short text",
        "write it without repetitions inside repetitions",
    ),
    "tokenizer_broken": Code(
        _R, "a tokenizer contradicts itself, so programs read it differently", "export it again"
    ),
    "token_word": Code(
        _R,
        "an ordinary word is a token that is cut out of texts or left out of answers",
        "remove it from the added tokens",
    ),
    "token_ids": Code(
        _R,
        "tokens have other ids in one place than in another, or have swapped them",
        "export the tokenizer again from the model's own",
    ),
    "token_new_words": Code(
        _W, "a tokenizer adds words of its own to the vocabulary", "say so in the model card"
    ),
    "special_ids": Code(
        _Q,
        "the files of a model name different tokens for its beginning, end or padding",
        "make config.json, generation_config.json and the tokenizer agree",
    ),
    # Configurations
    "remote_code": Code(
        _R,
        "a configuration makes loaders fetch code from elsewhere and run it",
        "remove the entry, or share the code's result instead",
    ),
    "custom_code": Code(
        _Q,
        "a configuration makes loaders run code that lies beside it",
        "use an architecture that the libraries know, or have a person review the code",
    ),
    "instantiates": Code(
        _R,
        "a configuration names objects for a program to build, which can run anything",
        "write plain values",
    ),
    "metadata_program": Code(
        _Q,
        "metadata of weights holds an address, markup or the name of something to run",
        "remove it; metadata is for names and numbers",
    ),
    "remote_reference": Code(
        _Q, "a configuration names a web address where a file is expected", "name a file beside it"
    ),
    "absurd_value": Code(
        _R, "a number is so large that loading would exhaust the machine", "correct it"
    ),
    "expansion": Code(_R, "a short text stands for endless values", "write the values themselves"),
    "runs_in_git": Code(
        _R, "a setting of git names a program for git to run", "share the files without it"
    ),
    "unparsed": Code(
        _Q, "a document could not be parsed, so its meaning was not checked", "write it again"
    ),
    # Programs and documents
    "program": Code(
        _Q, "a file is source code or runs during an installation", "have a person review it"
    ),
    "obfuscated_program": Code(
        _R, "source code that hides what it runs", "do not run it; ask its maker for the source"
    ),
    "startup_file": Code(
        _R, "Python runs a line of this file whenever it starts", "remove the file"
    ),
    "foreign_packages": Code(
        _R,
        "a list of packages takes them from elsewhere than the public index",
        "name packages and versions only",
    ),
    "notebook_output": Code(
        _Q,
        "a notebook holds outputs or runs commands of the system",
        "clear the outputs before sharing it",
    ),
    "active_markup": Code(
        _R, "a picture, page or card holds a script", "remove the script; show plain text"
    ),
    "embedded_page": Code(
        _Q, "a picture, page or card loads something from elsewhere", "remove it, or link to it"
    ),
    # Secrets and people
    "secret": Code(
        _R,
        "a key, token or password is in the file",
        "revoke it at once, then remove it and its history",
    ),
    "credentials_file": Code(
        _Q, "a file has the name of those that hold passwords and keys", "remove it"
    ),
    "machine_path": Code(
        _W,
        "names of people or machines stand in paths",
        "nothing, or remove them before sharing",
    ),
    "addresses": Code(
        _Q, "a file lists people's e-mail addresses", "remove them; ask those concerned first"
    ),
    "training_rows": Code(
        _Q,
        "a log holds rows of the training data",
        "remove them, or say under which terms they are shared",
    ),
    # Values of weights
    "weights_not_finite": Code(
        _Q, "weights are not numbers or infinite", "find out why; such a model answers nonsense"
    ),
    "weights_absurd": Code(
        _Q, "weights are far larger than training makes them", "compare with the original"
    ),
    "weights_constant": Code(
        _W, "a matrix holds one value throughout, or equal rows", "check the export"
    ),
    # Files against each other
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
