"""The infrastructure: one stack per account and Region."""
