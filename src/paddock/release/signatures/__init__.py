"""Who vouches for a release.

sign               every signature of a finished release
vouchers           who signs it, as release.json says
oms                the signature of OpenSSF Model Signing
release_statement  what the second envelope says
tuf                update metadata
"""
