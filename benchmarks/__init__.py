"""Every figure that the documentation claims, each measured by one command."""
