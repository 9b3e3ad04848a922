"""The release's folder, made in one pass over the source.

build  weights, files, documents, release.json, signature
"""
