"""PostgreSQL: the pool, migrations and named queries. Knows nothing of Ringpost's domain."""
