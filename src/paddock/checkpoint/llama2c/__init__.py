"""llama2.c's ``.bin`` checkpoints.

reading      versions 0 and 1 (float32) and 2 (int8), told by the header
header       what the first bytes say
groups       which tensors follow in which order
int8_groups  int8 values and their scales, as the float32 that they stand for
"""
