-- A code is used, unless it was: gives the person's id once for each step.
UPDATE console_people SET code_step = :step WHERE person_id = :person_id AND code_step < :step RETURNING person_id
