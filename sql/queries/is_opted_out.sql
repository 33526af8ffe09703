-- Whether a number has opted out of a key's texts.
SELECT EXISTS (SELECT FROM opt_outs WHERE license_key = $1 AND number = $2)
