"""Bytes and rows: the blob store and the database. Knows nothing of repositories or models.

blobs          the blob store's protocol
local_blobs    blobs in a folder
local_parts    parts of large uploads, beside them
staging        a file on its way in, moved to its place whole
s3_address     where a bucket is, and how addresses in it are signed
s3_connection  requests to it, and how they fail
s3_blobs       blobs in a bucket
s3_reading     an object as a stream, or as a file that can be sought
s3_writing     a blob on its way in
s3_parts       parts of large uploads
s3_leftovers   what broken uploads leave
database       SQLite or PostgreSQL: reading and writing transactions
sql            statements that both understand
columns        column types that mean the same on both
migrate        the tables brought to the shape that is expected
opening        all of it from the settings
errors         how it fails
"""
