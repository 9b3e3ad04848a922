"""A release in an OCI registry, as a CNCF ModelPack: pushed, and brought back.

reference     REGISTRY/NAME:TAG, taken apart
credentials   who we are there, as other tools of registries keep it
registry      requests to a registry, signed in, with its failures in our words
blobs         large files up, resumed where they stopped, and down
model_config  what is said of the model there
modelpack     a release as a manifest: which file is which layer
push          all files, then the manifest, then the tag
pull          a manifest and its files, into a folder to be judged
renew         newer update metadata under the tag of a release
"""
