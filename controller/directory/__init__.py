"""Who owns what: licence keys, DIDs, scripts, sounds, phones, trunks, from the admin YAML to a checked model."""
