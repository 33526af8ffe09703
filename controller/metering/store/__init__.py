"""Usage in PostgreSQL: rows become values here, and nowhere else in the room."""
