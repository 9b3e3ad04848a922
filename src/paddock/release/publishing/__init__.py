"""A release on its way out.

outgoing    a built release: every file in its folder
publish     to a hub: one commit and a tag, or nothing
hub_client  talking to a hub
hub_state   what a repository holds now
oci         to a registry, as a ModelPack
"""
