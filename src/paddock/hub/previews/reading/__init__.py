"""The process that reads files of rows: started for it, bounded, and trusted with nothing.

child      what it does: questions in, answers out
seal       what it gives up before it looks at anything
bounds     how much it reads and keeps
source     the file's bytes, asked of the other side a range at a time
unpacking  the beginning of a file that is packed as a whole
values     what a value is: shown, compared, tested
parts      a part that was read, and what its columns hold
delimited  CSV and TSV
json_rows  JSON Lines, and JSON
parquet    Parquet
answering  of a part, the rows that are wanted
figures    what is counted in a column
"""
