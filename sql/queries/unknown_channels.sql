-- Which of these channels of an Asterisk no call has had that began since a moment.
SELECT channel_id FROM unnest(:channels::text[]) AS channel_id
EXCEPT
SELECT channel_id FROM calls
WHERE channel_id = ANY(:channels::text[]) AND asterisk IN ('', :asterisk) AND started_at >= :since
