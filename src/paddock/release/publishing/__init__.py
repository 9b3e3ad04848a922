"""A release on its way out.

outgoing    a built release: every file in its folder
places      every kind of place, one after another
folders     to a folder: a whole copy or none
publish     to a hub: one commit and a tag, or nothing
begun       which repositories are not whole yet
updates     renewed update metadata to a hub
hub_client  talking to a hub
hub_state   what a repository holds now
there       what places hold already: revisions and their files
hub_revisions  the same of a hub's repository
packs       the same of a registry's
oci         to a registry, as a ModelPack
"""
