-- What a person's codes are made from.
SELECT code_secret, code_step FROM console_people WHERE person_id = :person_id
