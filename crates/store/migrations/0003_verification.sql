-- How far a verification is, so that one that was interrupted goes on from there.

CREATE TABLE verification (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL -- JSON
) STRICT;

-- What it found so far.
CREATE TABLE verification_fault (
    id    INTEGER PRIMARY KEY,
    fault TEXT NOT NULL -- JSON
) STRICT;
