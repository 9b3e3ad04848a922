"""Stand-ins for what paddock depends on, that misbehave when they are told to."""
