-- "did" and "caller" held in one direction only: of an outgoing call the "caller" was the one who is called. These two names
-- hold in both: ours is the DID that was called, or the number that is shown; theirs is the other party's.

ALTER TABLE calls RENAME COLUMN did TO our_number;
ALTER TABLE calls RENAME COLUMN caller TO their_number;
ALTER INDEX calls_by_did RENAME TO calls_by_our_number;

-- For `ringpost calls list --number`, which asks for calls of a number in either direction.
CREATE INDEX calls_by_their_number ON calls (their_number, started_at DESC);
