"""Texts in PostgreSQL: rows become values here, and nowhere else."""
