"""Random histories of the real handlers and definitions on a simulated AWS, with a virtual clock.

A history is made from a seed: callers, instances and operations at once, and faults. The product's code is what is
deployed: nothing of it is replaced but its clock and its calls to AWS. See `docs/reliability.md`.
"""
