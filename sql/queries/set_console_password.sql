-- A person's new password. The other sessions end: whoever had them may be the reason for it.
WITH changed AS (UPDATE console_people SET password = :password WHERE person_id = :person_id)
DELETE FROM console_sessions WHERE person_id = :person_id AND token <> :but_session
