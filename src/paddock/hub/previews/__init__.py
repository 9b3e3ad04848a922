"""Files of rows as tables: Parquet, CSV and JSON, a bounded part at a time, read by range.

formats    which files are rows, by their names
subsets    what a dataset's card, or its names, make of its files: configurations and splits
questions  what is asked of a file
filters    conditions on rows, as people write them
answers    what is told of it
wire       both as lines of JSON, checked when they arrive
reading    the process that reads: what it does, and what it gives up before
process    the other side of it: started, fed with bytes, listened to under a clock
readers    the processes that are kept, and the answers that are remembered
asking     a file of a repository asked, by those who may
"""
