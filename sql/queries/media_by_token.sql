-- The file that a link leads to.
SELECT file_name, mime_type, content FROM media WHERE token = $1
