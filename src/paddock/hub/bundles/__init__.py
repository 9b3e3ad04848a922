"""Repositories as one signed file, for machines without a network.

manifest    what a bundle says that it holds, as the statement that is signed
archive     the file: the signed statement first, then what it lists, in its order
exporting   repositories into a bundle
importing   a bundle into repositories, after its signature was proven
"""
