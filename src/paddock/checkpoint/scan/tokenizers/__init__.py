"""Tokenizers: rules that rewrite text, tokens that lie, patterns that never end.

reading    which files are tokenizers, and their parts
rules      normalizers, decoders and their kind
charsmap   SentencePiece's compiled normalizer
tokens     added and special tokens, vocabulary and merges
patterns   regular expressions, and which of them may run for ever
regex_tree  the syntax of those
agreement  the tokenizers of one folder against each other
"""
