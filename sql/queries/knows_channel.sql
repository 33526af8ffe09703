-- Whether there is, or was, a call of one of our numbers with this channel.
SELECT EXISTS (
    SELECT FROM calls
    WHERE our_number = :our_number AND channel_id = :channel_id AND asterisk IN ('', :asterisk) AND started_at > now() - interval '1 day'
)
