"""What a release keeps back, what stands in its place, and what proves it later.

withheld         the values: items, tensors, files and fields that are kept back
items            every component or rule that keeps something back
source_tree      the source: its files, and the headers of its checkpoint
architecture     layers, experts and routers, by names and configuration
tensor_glob      names of tensors that a pattern means
tensor_rules     which tensors and rows the rules claim
drops            what dropping leaves: whole layers and experts go
open_config      config.json of the open version
file_rules       which files, adapters and fields the rules mean
companions       states, copies, logs and adapters that would give weights away
references       what still speaks of a withheld part
replacing        whether a replacement can be made, and how it reads
selection        what the rules mean in one checkpoint
stubs            zeros, and numbers drawn from a public seed
open_tensors     every tensor of the open version, as a stream
open_weights     its files of weights
data_fields      data files without a field
parquet_fields   the same for Parquet, nested fields too
parquet_file     Parquet, opened under bounds and written anew
distilled        replacements that are trained
apply            the open version of a checkpoint
parts            withheld content, measured
secret           the escrow secret that salts commitments, and its file
commitments      a manifest of withheld parts, its root, its salt, and the commitment to it
rendering        withheld.json
withheld_facts   facts for the documents
revealing        makes the proof of one item
proofs           a proof, and whether it opens a release's commitment
"""
