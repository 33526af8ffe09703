"""Ringpost: answers and places phone calls on Asterisk, and posts every result to the customer's URL."""

__version__ = "0.1.0"
