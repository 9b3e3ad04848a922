"""release.yaml: what it may say, as values, and how it is read.

release_spec  a whole release.yaml
section       what every section has in common
metadata      what the release is called and what it is
lineage       the models that it came from
licences      terms by kind of content, and declarations
components    what is open, gated, withheld or was never made
artifacts     what is taken, how it is changed, and in which forms it leaves
audit         what was looked at, and what its results must be
access        who may read it, and when that changes
docs          which documents come with it
gate          what must be true before it leaves, and who says so
sign          with which keys
publish       where it goes
lifecycle     what is promised for the time after
schema        its JSON schema
reader        the file, read
yaml_tree     YAML as values that remember their line
yaml_fields   typed access to them
"""
