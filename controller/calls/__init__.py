"""Live calls: the session between a script's engine and a channel, incoming calls, the journal of what happened."""
