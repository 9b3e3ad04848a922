"""What a template's own words tell a model to do.

Real templates hold long instructions (how to call tools, who the model is), so length says nothing.
Looked for are the few things that no honest template says: pass on what people wrote, keep
something from them, forget earlier instructions, promote an address; and texts that hide what they
say. A heuristic: it asks a person to read, and refuses nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from paddock.errors import shown

_URL = re.compile(r"(?i)\b(?:https?|ftp|wss?)://[^\s'\"<>\\)]{1,200}|\bwww\.[a-z0-9-]+\.[a-z]{2,}")
# A host without a scheme, under the names that are common; file names end otherwise.
_HOST = re.compile(
    r"(?i)(?<![\w@./-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|ai|xyz|ru|cn|info|biz|app|top|"
    r"site|online|shop|link|click|example|test|onion|tk|cc|gg)(?![\w.(-]|\s*=)(?:/\S{0,100})?"
)
# Specifications that tool instructions name; nothing is fetched from them.
_KNOWN_URLS = re.compile(r"(?i)https?://(?:json-schema\.org|www\.w3\.org|spec\.openapis\.org)/")

_SENTENCE_END = re.compile(r"[.!?]\s+|\n+")
_MOVE = re.compile(
    r"(?i)\b(?:send|sends|forward|post|upload|copy|append|attach|submit|transmit|exfiltrate|leak|"
    r"e-?mail|report|include|pass|put|insert|encode|embed|share|deliver|relay|call|invoke)\b"
)
_PRIVATE = re.compile(
    r"(?i)\b(?:passwords?|secrets?|credentials?|api[ _-]?keys?|access[ _-]?(?:keys?|tokens?)|"
    r"private[ _-]keys?|session[ _-]?(?:keys?|tokens?|cookies?)|cookies|credit[ _-]cards?|"
    r"system prompts?|personal (?:data|information|details)|environment variables|"
    r"(?:conversation|chat|message|browsing)s?[ _-](?:history|log|logs|transcript)|"
    r"(?:full|entire|whole|complete|previous|prior|all(?: of)?(?: the)?)"
    r"(?: (?:user|previous|prior|of the))? (?:conversations?|transcripts?|chats?|messages?)|"
    r"(?:users?['\u2019]s?|user|their) (?:data|e-?mails?|address(?:es)?|files?|history)|"
    r"users?['\u2019]s? (?:messages?|inputs|conversations?|words))\b"
)
_CONCEAL = re.compile(
    r"(?i)\b(?:do not|don'?t|never|without|must not|should not|shall not|avoid)\b[^.!?\n]{0,60}?"
    r"\b(?:tell|telling|mention\w*|inform\w*|reveal\w*|disclos\w*|notify\w*|alert\w*|warn\w*|"
    r"show\w*)\b[^.!?\n]{0,40}?\b(?:users?|them|anyone|anybody|people|customers?|this|it)\b"
    r"|\b(?:secretly|silently|covertly|stealthily|behind the user'?s back)\b"
)
_TOLD_BY_QWEN = "do not tell the user about function calls"  # when there are none to make
_OVERRIDE = re.compile(
    r"(?i)\b(?:ignore|disregard|forget|override)\b[^.!?\n]{0,40}?\b(?:previous|prior|above|earlier|"
    r"all|other|any|safety)\b[^.!?\n]{0,30}?\b(?:instructions?|rules?|guidelines?|prompts?|policies)"
)
_PROMOTE = re.compile(
    r"(?i)\balways\b[^.!?\n]{0,40}?\b(?:recommend|promote|advertise|suggest|praise|favou?r|endorse|"
    r"link to|refer to|direct)\b|\b(?:tell|ask|urge|instruct|direct)\b[^.!?\n]{0,30}?\b(?:users?|"
    r"them|people)\b[^.!?\n]{0,40}?\b(?:visit|click|download|buy|pay|install|log ?in)\b"
)
_RULES = (
    (_CONCEAL, "keep something from people"),
    (_OVERRIDE, "set other instructions aside"),
    (_PROMOTE, "promote something"),
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/_-]{40,}={0,2}")
_HEX = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}){24,}(?![0-9a-fA-F])|(?:\\x[0-9a-f]{2}){8,}")


def find_urls(text: str) -> Iterator[str]:
    """Addresses in the text, but for those of specifications."""
    for pattern in (_URL, _HOST):
        for found in pattern.finditer(text):
            if not _KNOWN_URLS.match(found[0]):
                yield found[0]


def find_instructions(text: str) -> Iterator[str]:
    """What the text tells a model that no honest template does, with the sentence."""
    for sentence in _SENTENCE_END.split(text):
        sentence = sentence.replace(_TOLD_BY_QWEN, "")
        if len(sentence) < 12:
            continue
        aim = next((what for pattern, what in _RULES if pattern.search(sentence)), None)
        if aim is None and _MOVE.search(sentence) and _PRIVATE.search(sentence):
            aim = "pass on what people wrote"
        if aim:
            yield f"it tells the model to {aim}: {shown(sentence.strip())}"


def find_encoded(text: str) -> Iterator[str]:
    """Long runs that look like base64 or hexadecimal digits."""
    for found in _BASE64.finditer(text):
        run = found[0]
        kinds = (str.islower, str.isupper, str.isdigit)
        if all(any(kind(c) for c in run) for kind in kinds) and len(set(run)) > 14:
            yield run
    for found in _HEX.finditer(text):
        if not found[0].isdigit():  # a long number is one
            yield found[0]


def hidden_character(text: str) -> str | None:
    """The first character that changes a text without being seen, by its name."""
    if text.isascii():
        return None
    for c in text:
        if is_hidden(c):
            return f"U+{ord(c):04X} {unicodedata.name(c, 'without a name')}"
    return None


def is_hidden(c: str) -> bool:
    """Formatting, private and tag characters, fillers, and lone variation selectors."""
    if ord(c) < 0x80:
        return False
    if unicodedata.category(c) in ("Cf", "Co", "Cs", "Cn"):
        return c not in "\u00ad\u200c\u200d"  # soft hyphen and joiners belong to scripts and emoji
    return c in "\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800"
