"""A release on its way out.

outgoing    a built release: every file in its folder
places      every kind of place, one after another
publish     to a hub: one commit and a tag, or nothing
updates     renewed update metadata to a hub
hub_client  talking to a hub
hub_state   what a repository holds now
oci         to a registry, as a ModelPack
"""
