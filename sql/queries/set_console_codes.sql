-- A person's codes are asked for at the log-in from now on, or no more.
UPDATE console_people SET code_secret = :secret, code_step = :step WHERE person_id = :person_id
