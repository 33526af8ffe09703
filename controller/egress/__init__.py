"""Which addresses may be reached, and the HTTP client that reaches no others."""
