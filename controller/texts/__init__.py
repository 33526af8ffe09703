"""Text messages: taken in, sent with their true result, matched, and never sent to who has opted out."""
