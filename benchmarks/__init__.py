"""Side-by-side measurements: both sides in turn in one run, ratios with n, device and versions. Never tests."""
