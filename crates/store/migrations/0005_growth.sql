-- What is looked at often costs the same however much there is.

-- How much there is in all, for the metrics.
CREATE TABLE stored (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    blobs     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL, -- of the blobs
    manifests INTEGER NOT NULL
) STRICT;
INSERT INTO stored SELECT 1, count(*), coalesce(sum(size), 0), (SELECT count(*) FROM manifest) FROM blob;

CREATE TRIGGER blob_inserted AFTER INSERT ON blob BEGIN
    UPDATE stored SET blobs = blobs + 1, bytes = bytes + NEW.size WHERE id = 1;
END;
CREATE TRIGGER blob_deleted AFTER DELETE ON blob BEGIN
    UPDATE stored SET blobs = blobs - 1, bytes = bytes - OLD.size WHERE id = 1;
END;

-- How many manifests and tags a repository has, so that showing it counts nothing. Kept by the database itself: whatever
-- inserts or deletes, by whichever way (a manifest takes its tags with it), the numbers follow in the same transaction.
ALTER TABLE repository ADD COLUMN manifests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repository ADD COLUMN tags INTEGER NOT NULL DEFAULT 0;
UPDATE repository SET
    manifests = (SELECT count(*) FROM manifest m WHERE m.repository = repository.id),
    tags = (SELECT count(*) FROM tag t WHERE t.repository = repository.id);

CREATE TRIGGER manifest_inserted AFTER INSERT ON manifest BEGIN
    UPDATE repository SET manifests = manifests + 1 WHERE id = NEW.repository;
    UPDATE stored SET manifests = manifests + 1 WHERE id = 1;
END;
CREATE TRIGGER manifest_deleted AFTER DELETE ON manifest BEGIN
    UPDATE repository SET manifests = manifests - 1 WHERE id = OLD.repository;
    UPDATE stored SET manifests = manifests - 1 WHERE id = 1;
END;
CREATE TRIGGER tag_inserted AFTER INSERT ON tag BEGIN
    UPDATE repository SET tags = tags + 1 WHERE id = NEW.repository;
END;
CREATE TRIGGER tag_deleted AFTER DELETE ON tag BEGIN
    UPDATE repository SET tags = tags - 1 WHERE id = OLD.repository;
END;

-- Registries are read with their admin users, among however many tokens.
CREATE INDEX principal_admin ON principal (registry) WHERE kind = 'admin';
