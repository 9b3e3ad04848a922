"""Signatures: what is signed says what it is, and who signed is decided by keys that you trust.

errors       what can be wrong with a signature or a key
keys         private and trusted keys, as files
envelope     a Sigstore bundle around a DSSE envelope, signed and taken apart
signed_json  JSON that was signed, or is to be
"""
