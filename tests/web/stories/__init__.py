"""What people come for, from beginning to end, in a browser and by the keyboard alone.

keyboard  the keys that people press to fill forms
"""
