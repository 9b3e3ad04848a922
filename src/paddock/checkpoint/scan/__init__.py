"""What could hurt whoever loads a file. Reads with bounded readers; nothing is ever executed.

report     reasons, each with a code, a place and what to do; one verdict
codes      every code, how bad it is, and what to do about it
kinds      what a file can be
entries    a file to scan
limits     how much a scan may take
walking    the files of a folder, and which of its entries are none
names      names that lead elsewhere, deceive, or hide one another
looking    what a check gets of a file
identify   what a file is, by its bytes
types      how each type shows itself
archives   what is in an archive
formats    checks of bytes: each format's validator, pickles, programs, polyglots
content    checks of what files say
documents  what files say, read once for all of them
configs    what settings make a loader do
yaml_files  the same in YAML
yaml_expansion  how much YAML stands for
templates  chat templates
tokenizers  rules and tokens of tokenizers
texts      programs, documents, secrets, people
weights    the numbers in weights
consistency  a model's files against each other
licence_texts  the licences that a folder holds and names
checks     tables of the checks of bytes
scanning   every check of every file
opinions   what other people's scanners say
isolation  the same in processes that are bounded
isolated   what runs in them
"""
