"""The release's folder, made step by step, so that a killed build goes on where it was.

build  weights, files, documents, release.json, signature
steps  each is done once, recorded, and skipped afterwards
"""
