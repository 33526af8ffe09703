"""Ringpost's own interface: JSON over HTTP, a token for each program, described by OpenAPI 3.1."""
