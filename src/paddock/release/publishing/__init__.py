"""A release on its way out.

publish     one commit and a tag, or nothing
hub_client  talking to a hub
hub_state   what a repository holds now
"""
