"""What happens to a release after it was published, announced by those who signed it.

announcing  an event, signed and pushed
remote      the events of a repository on a hub
scheduling  stages to come that release.yaml names
stages      a stage as settings of a hub
advisories  advisories and events as files
holders     what events mean for whoever holds a release
errors      what can go wrong
"""
