"""`python -m calibration board`: lens and sensor of a camera, from pictures of a ChArUco board."""
