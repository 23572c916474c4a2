"""`python -m calibration view`: what the model sees of the picture, turned and mirrored."""
