"""`python -m calibration viewpoint`: where the camera sits relative to the avatar's head."""
