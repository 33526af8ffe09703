-- The next moment in which a scope lets a call be dialled, at least so many seconds from now (lead), as seconds from now;
-- the call behind it has its turn an interval later. No row, and nothing is taken, when it is further away than the longest
-- wait.
INSERT INTO call_slots AS slot (scope, next_at)
VALUES (:scope, clock_timestamp() + make_interval(secs => :lead::double precision + :seconds::double precision))
ON CONFLICT (scope) DO UPDATE
SET next_at = greatest(clock_timestamp() + make_interval(secs => :lead::double precision), slot.next_at)
              + make_interval(secs => :seconds::double precision)
WHERE slot.next_at <= clock_timestamp() + make_interval(secs => :longest::double precision)
RETURNING extract(epoch FROM next_at - clock_timestamp())::double precision - :seconds::double precision AS seconds
