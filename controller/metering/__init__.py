"""Metering: what each licence key used, one record a transaction, and what that costs."""
