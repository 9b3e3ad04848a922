"""The process that scans: started for it, bounded, and trusted with nothing.

child        what it does
confinement  what it gives up before it looks at anything
wire         what it says, line by line
process      the other side: start it, listen under a clock, end it
"""
