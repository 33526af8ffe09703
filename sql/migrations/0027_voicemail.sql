-- Messages that callers left in mailboxes. Their audio is a sound of the licence key, whose id is made of the mailbox, the
-- call and a number: voicemail/MAILBOX/CALL-NUMBER. Whatever stores such a sound, the message is filed from it.

CREATE TABLE voicemail_messages (
    message_id   bigint GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY,
    license_key  text NOT NULL,
    sound_id     text NOT NULL,
    mailbox      text NOT NULL,
    queue_id     bigint NOT NULL,                    -- the call that left it
    caller       text NOT NULL,                      -- E.164, or as the network gave it
    seconds      double precision NOT NULL,
    left_at      timestamptz NOT NULL,
    folder       text NOT NULL DEFAULT 'INBOX',
    heard        boolean NOT NULL DEFAULT false,
    mail_tries   integer NOT NULL DEFAULT 0,
    mail_due_at  timestamptz,                        -- null: mailed, or to be mailed to nobody
    UNIQUE (license_key, sound_id),
    -- A message whose audio goes, by retention or by its customer, goes with it.
    FOREIGN KEY (license_key, sound_id) REFERENCES sounds ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX voicemail_messages_of ON voicemail_messages (license_key, mailbox, left_at);
CREATE INDEX voicemail_messages_to_mail ON voicemail_messages (mail_due_at) WHERE mail_due_at IS NOT NULL;
CREATE INDEX sounds_of_voicemail ON sounds (license_key, sound_id) WHERE sound_id LIKE 'voicemail/%';
