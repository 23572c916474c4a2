"""`python -m train landmarks`: points of an avatar's face to find the camera's viewpoint by.

config.py    the command line
find.py      the points, from the rest pose seen from the front
command.py   writes points.csv for `calibration viewpoint`, and a picture that shows them
"""
