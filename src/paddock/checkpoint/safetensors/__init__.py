"""Hugging Face's weights.

reading    one file, read with suspicion
writing    one file or shards, streamed
hf_folder  ``config.json`` beside a file or an index and its shards
"""
