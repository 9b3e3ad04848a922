"""release.yaml: what it may say, as values, and how it is read.

values       the whole file, as values
reader       the file, read
policy       its sections on readers, signers and destinations
yaml_tree    YAML as values that remember their line
yaml_fields  typed access to them
"""
