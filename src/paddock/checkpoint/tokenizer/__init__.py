"""The tokenizer among a checkpoint's files.

files            finds it, whatever generation it is of
tokenizer_json   any of them as ``tokenizer.json``
sentencepiece    SentencePiece's ``tokenizer.model``
tiktoken         Llama 3's ``tokenizer.model``
growth           how far its steps can blow a text up
tokenizer_model  either of them made of a ``tokenizer.json``
"""
