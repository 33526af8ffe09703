"""Calls without a telephone, on a virtual clock."""
