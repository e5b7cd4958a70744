"""What a cold start costs, measured: `make bench`."""
