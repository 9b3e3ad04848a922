"""What other people's scanners say of a file: advice, under limits, that can only make it worse.

answers    an opinion, and the reason that it becomes
scanners   the scanners that are known: what they look at, how they are called, what they answer
running    a program under limits of time, memory and output
asking     the scanners that were wished for, and their opinions on a whole scan
"""
