"""Bills of materials: what is in a release, by digest, and what it was made from.

expressions  licences as SPDX expressions
identity     what a release and its files are called, the same on every machine
cyclonedx    CycloneDX 1.6 and 1.7
model_card   the model card inside a CycloneDX bill
spdx         SPDX 3.0.1, AI and Dataset profiles
packages     the model, its parents and its data sets as SPDX packages
judging      whether the bills hold what their standards require
"""
