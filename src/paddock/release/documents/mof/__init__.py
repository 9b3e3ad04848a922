"""The Model Openness Framework: how open a release is, computed.

open_licences  which licences count
framework      the classes, and the algorithm that finds one
assessment     a release held against it
mof_yaml       mof.yaml, in the schema of the framework's own tool
page           the same for people, with the answers to the Open Source AI Definition
"""
