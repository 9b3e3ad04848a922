"""What a release would be, decided before anything is written.

prepare    from what the user names to a plan
assume     a release file for a bare folder
survey     the files of the source
plan       what a release would be, and what forbids it
plan_text  the same in words
"""
