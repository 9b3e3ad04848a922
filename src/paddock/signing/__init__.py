"""Signatures: what is signed says what it is, and who signed is decided by keys that you trust.

errors        what can be wrong with a signature or a key
public_keys   kinds of keys, fingerprints, whether a key made a signature
private_keys  made, and written and read as PEM
keys          private and trusted keys, as files
key_ring      the user's own keys and the ones they trust
succession    a key that follows another
signers       what signs: a file, a hardware token, a key service
key_services  signers whose private key stays where it is
sslib         securesystemslib's signers, imported quietly
dsse          an envelope with one signature or several
envelope      a Sigstore bundle around a DSSE envelope, signed and taken apart
events        what happens to a release after it left
signed_json   JSON that was signed, or is to be
base64_text   base64 that has one spelling
"""
