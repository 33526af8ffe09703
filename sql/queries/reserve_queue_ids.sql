-- A block of 1,000 QueueIDs for one controller; gives the block's number.
SELECT nextval('queue_id_blocks')
