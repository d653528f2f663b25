-- Since when a verification knows that the bytes of a blob are others (milliseconds since 1970). Nobody is served them, and
-- whoever has the right ones is asked to push them.
ALTER TABLE blob ADD COLUMN damaged INTEGER;
