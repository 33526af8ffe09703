"""Outgoing calls: what is asked for, when it is dialled, and each try to reach somebody."""
