"""Large files: git holds a pointer, the bytes are in the blob store or in Xet's chunks.

tables          rows: locks, use, quotas, condemned blobs
pointers        what a pointer says
large_files     which repository holds which file, and where its bytes are
places          at which path and ref a file was first committed
lfs             the git-lfs batch call
locks           git-lfs locks
arriving        files on their way in by parts or straight into the object store
content         a file's bytes from any of the three places
viewing         a Xet hash for files that came as one blob
folding         files that are mostly others: kept as what is new in them
donors          files that a new one may be made of in part
new_chunks      what is new in a file, packed into xorbs
usage           how many bytes repositories and namespaces hold, and how many they may
quota_sizes     quotas as administrators write them
administration  files listed, removed for good and copied by their owners
condemned       blobs that are about to go, taken back in time
"""
