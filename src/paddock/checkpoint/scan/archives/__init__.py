"""What is in an archive or a compressed stream. Gives members and reasons; scans no member.

inner          what comes out
zip_directory  a zip archive's structure
zips           its members
torch_zips     those of a PyTorch file
tars           those of a tar archive
streams        the one content of gzip and its like
utf16          text in UTF-16, as the same in UTF-8
"""
