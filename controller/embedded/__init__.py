"""Asterisk and PostgreSQL on a machine without Docker, for `make run` and the tests."""
