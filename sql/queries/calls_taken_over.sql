-- Those of these calls that another controller has taken over: this one ($1) was not heard of for too long.
SELECT queue_id FROM calls WHERE queue_id = ANY($2::bigint[]) AND controller_id <> $1
