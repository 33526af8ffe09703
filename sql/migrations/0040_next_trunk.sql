-- The trunks that have failed in one try of a call (the number of the try): the next one is taken, and none twice.
ALTER TABLE calls
    ADD COLUMN tried_routes  text[] NOT NULL DEFAULT '{}',
    ADD COLUMN tried_in      integer NOT NULL DEFAULT 0;
