"""From a checkpoint to a signed, published release, and its verification at the other end."""
