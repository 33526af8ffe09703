-- Passes an order about calls on to the controller that it names.
SELECT pg_notify('ringpost_calls', $1)
