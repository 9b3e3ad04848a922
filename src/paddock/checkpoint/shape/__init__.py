"""What a Llama is, whatever file it is in.

config         its sizes, as ``config.json`` says them
families       the families that are known, and their defaults
experts        mixtures of experts, in numbers
llama4         what sets Llama 4's layers apart
text_part      the language model inside one that sees images
rendering      a configuration as ``config.json``
layout         which tensors there are, by which names and in which order
feed_forward   which of them are a layer's feed-forward, or its experts
fused_experts  one expert out of a tensor of all
published      the shapes that Meta published
"""
