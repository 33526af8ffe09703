"""Where calls are kept: the journal that writes them, QueueIDs, retention."""
