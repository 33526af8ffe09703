"""Post-backs: events become forms, forms become rows of the outbox, rows are delivered to customers' URLs."""
