"""The VoIP.ms interface: its methods, declared once, over REST and SOAP."""
