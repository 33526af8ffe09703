-- What controllers made up, for all of them.
SELECT name, secret FROM made_secrets
