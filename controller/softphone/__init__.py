"""A telephone for trying and testing: SIPp for the signalling, RTP and RFC 4733 digits of our own."""
