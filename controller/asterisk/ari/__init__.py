"""The Asterisk REST Interface (ARI), spoken over one WebSocket: requests, their answers, and events."""
