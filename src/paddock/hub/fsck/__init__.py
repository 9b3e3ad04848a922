"""Proving the store whole: rows against bytes, bytes against their digests; mending what can be.

findings       what was found wrong, whom it concerns, and what became of it
concerns       which repositories and files something that is damaged belongs to
promises       the blobs that rows name, with the sizes that they must have
checkers       what every check is given
blobs          rows against blobs, and every blob's digest
xorbs          tables of chunks, frames, the index of chunks
files          Xet files: terms, hashes, digests
large          large files: a place where their bytes are
git            refs, commits, trees and git objects
copies         second copies of a store: folders and buckets
chunk_search   chunks of one xorb wherever else their bytes are
repairing      a blob, written anew from what proves to be its bytes
rebuilding     a xorb, packed anew from its chunks
progress       where a check was when it ended, for the next to go on
running        all of it in order
"""
