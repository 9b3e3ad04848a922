"""Update metadata (TUF, the update framework): what is current, what is revoked, which keys count.

metadata     the four roles made, signed and written
strict       metadata in which no byte is free
keys         the private keys of the four roles, in a folder
revocations  revoked.json
repository   the folder that is kept between releases
writing      signed, and onto the medium in the right order
drafts       a root that people sign on different machines
rotation     new keys for a role, signed by the old ones
naming       whether a release is named by what lies beside it
chain        what a release carries of it
"""
