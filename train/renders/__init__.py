"""`python -m train renders`: domain C of a real headset, from its camera's calibrated place.

config.py    the command line
lens.py      ProfileCamera: what the model's view of a calibrated camera would show of a rig
command.py   writes c/, its contact sheet and its record; the drawing is train.simulate's
"""
