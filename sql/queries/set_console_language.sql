-- Somebody wants the console in another language, or, with an empty one, in what the browser asks for.
UPDATE console_people SET language = :language WHERE person_id = :person_id
