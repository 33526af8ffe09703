"""A call's channel as an effect sees it: events, talk detection, answering-machine detection."""
