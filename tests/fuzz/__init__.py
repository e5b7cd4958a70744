"""Requests nobody thought of, made from docs/openapi.json: `make fuzz`, and a slice of it in the suite."""
