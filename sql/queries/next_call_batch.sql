-- The id of a dialling of a list.
SELECT nextval('call_batches')
