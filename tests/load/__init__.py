"""`make load`: many operations at once on a local cloud."""
