-- How many log-ins failed lately, for each thing that is counted.
SELECT counted, count(*) AS failures FROM console_failures
WHERE counted = ANY (:counted::text[]) AND at > now() - make_interval(secs => :seconds)
GROUP BY counted
