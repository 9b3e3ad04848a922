"""Which tags are in use, how often, and of what type each is."""
