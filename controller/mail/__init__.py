"""SMTP: mails that wait, and the server that takes them. Knows no domain."""
