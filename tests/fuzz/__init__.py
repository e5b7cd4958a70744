"""Random requests made from docs/openapi.json: `make fuzz`, and some of them in the test suite."""
