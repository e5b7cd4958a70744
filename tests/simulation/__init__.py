"""Random histories of the real handlers and definitions on a simulated AWS, with a virtual clock.

A seed makes a history: simultaneous callers, instances, operations and faults. The product's code runs as deployed;
only its clock and its calls to AWS are replaced. See `docs/reliability.md`.
"""
