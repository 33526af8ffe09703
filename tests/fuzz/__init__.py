"""Hostile requests at the doors of customers' interfaces."""
