-- What the config of an image says of it, kept with its manifest: to look it up for each manifest of a page costs several pages
-- of the database each, all over the file as that grows.
ALTER TABLE manifest ADD COLUMN architecture TEXT;
ALTER TABLE manifest ADD COLUMN os TEXT;
UPDATE manifest SET (architecture, os) = (
    SELECT CAST(text ->> '$.architecture' AS TEXT), CAST(text ->> '$.os' AS TEXT) FROM (
        SELECT CAST(c.bytes AS TEXT) AS text FROM repository r
        JOIN blob b ON b.tenant = r.tenant AND b.digest = manifest.config
        JOIN blob_link l ON l.repository = r.id AND l.blob = b.id
        JOIN blob_content c ON c.blob = b.id
        WHERE r.id = manifest.repository
    ) WHERE json_valid(text)
) WHERE config IS NOT NULL;
