-- Tokens of the JSON interface that are the operator's: of no licence key.

ALTER TABLE api_tokens ALTER COLUMN license_key DROP NOT NULL;
