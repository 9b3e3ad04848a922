"""The runner in C: packed weights, one call a step.

weights        a model's weights as the runner wants them
plan           which matrices a model becomes, of what kind
packing        weights into panels, streamed
packed_file    panels in a file, mapped by every process
pack_cache     the folder of packed weights
identity       what a checkpoint on disk is, without reading it
loading        a checkpoint as packed weights, mapped or packed first
angles         rotary position embedding: every position's angles
batch          a step's arrays as the compiled step reads them
layout         weights as the compiled step reads them
library        the compiled step: its structures and functions
low_ranks      an adapter's matrices as the compiled step reads them
runner         steps, done by a team of threads
streamed_products  with matrices that are never whole in memory
streamed_model  a model that runs while its weights pass by
"""
