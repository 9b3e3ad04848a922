"""Large files: git holds a pointer, the bytes are in the blob store or in Xet's chunks.

pointers        what a pointer says
large_files     which repository holds which file, and where its bytes are
lfs             the git-lfs batch call
content         a file's bytes from any of the three places
"""
