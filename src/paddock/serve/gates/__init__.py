"""Who gets in.

open_gate   anybody, by the address they come from
token_file  those whose tokens are in a file, with limits of their own
hub_gate    the users of a hub, each to the models they may read there
bearer      the token that a request carries
"""
