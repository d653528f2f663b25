-- What Azure's metadata calls show and change: locks, times, sizes.
--
-- `locks` is the sum of what is switched off: 1 delete, 2 write, 4 read, 8 list.

ALTER TABLE repository ADD COLUMN locks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repository ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
UPDATE repository SET updated = created;

DROP INDEX repository_listed;
CREATE INDEX repository_listed ON repository (registry, name) WHERE listed = 1 AND locks & 8 = 0;

ALTER TABLE manifest ADD COLUMN locks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE manifest ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE manifest ADD COLUMN config BLOB; -- the digest of the config, where it has one
ALTER TABLE manifest ADD COLUMN config_media_type TEXT;
ALTER TABLE manifest ADD COLUMN image_size INTEGER NOT NULL DEFAULT 0; -- of what it names, as it says
UPDATE manifest SET updated = created;
CREATE INDEX manifest_updated ON manifest (repository, updated, id);

ALTER TABLE tag ADD COLUMN locks INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tag_updated ON tag (repository, updated, name_key, name);
