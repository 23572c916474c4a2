"""`python -m calibration photometric`: black level, white balance, and drift of the light."""
