"""Many operations at once on a local cloud: `make load`."""
