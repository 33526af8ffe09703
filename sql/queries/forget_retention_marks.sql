-- What the migrations put into an empty database is in the copy that follows.
DELETE FROM retention_marks
