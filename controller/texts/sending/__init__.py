"""Sending: what is due is claimed, handed to Asterisk, and its true result stored."""
