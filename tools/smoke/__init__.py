"""`make smoke`: after a deployment, from outside, what must be refused is refused, and on record."""
