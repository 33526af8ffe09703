-- What customers' programs set about their numbers, and who has the texts of a number that was ordered.

ALTER TABLE did_grants
    ADD COLUMN sms_key       text,                         -- who has its texts; null: whom the YAML says
    ADD COLUMN settings_key  text,                         -- whose settings they are
    ADD COLUMN settings      jsonb NOT NULL DEFAULT '{}';  -- routing, switches of texts, notes: only what was set
