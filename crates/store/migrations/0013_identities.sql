-- Whom an identity provider signs in as a user: the provider and what it calls them.

ALTER TABLE user ADD COLUMN issuer TEXT;
ALTER TABLE user ADD COLUMN subject TEXT CHECK ((issuer IS NULL) = (subject IS NULL));
CREATE UNIQUE INDEX user_identity ON user (issuer, subject) WHERE subject IS NOT NULL;

-- Those of removed users, who are not made anew when they sign in again: SHA-256 over issuer and subject, as nothing else
-- of a removed user is kept.
CREATE TABLE removed_identity (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32)
) STRICT, WITHOUT ROWID;
