"""Who vouches for a release.

sign               every signature of a finished release
cosigning          signatures that others add, on other machines
standing           who has signed a release in a folder, and what is missing
vouchers           who signs it, as release.json says
oms                the signature of OpenSSF Model Signing
release_statement  what the second envelope says
keyless            a sigstore bundle beside a release
revoking           what a person names, as an entry of revoked.json
attaching          newer update metadata into a release that is there
tuf                update metadata
"""
