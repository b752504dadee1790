-- What ends a user's credentials: a moment before which they were issued too early, and erasure.

ALTER TABLE auth.user
    ADD COLUMN tokens_not_before timestamptz,
    ADD COLUMN profile_as_of timestamptz;

COMMENT ON COLUMN auth.user.profile_as_of IS 'when what the profile says was said; null: nobody knows';
COMMENT ON COLUMN auth.user.tokens_not_before IS 'what was issued before is refused';

CREATE TABLE auth.revoked_session (
    user_id uuid NOT NULL
        CONSTRAINT revoked_session_user_id_fkey REFERENCES auth.user (user_id) ON DELETE CASCADE,
    session_id text NOT NULL CONSTRAINT revoked_session_session_id_length CHECK (char_length(session_id) BETWEEN 1 AND 255),
    not_before timestamptz NOT NULL,
    CONSTRAINT revoked_session_pkey PRIMARY KEY (user_id, session_id)
);

COMMENT ON TABLE auth.revoked_session IS 'sessions of which everything issued before a moment is refused';
COMMENT ON COLUMN auth.revoked_session.session_id IS 'the sid claim, or the id of a Better Auth session';

-- One row: what tombstones are hashed with. It is made here, so that every backup that holds a tombstone holds it too.
CREATE TABLE auth.erasure_key (
    only_row boolean NOT NULL DEFAULT true
        CONSTRAINT erasure_key_pkey PRIMARY KEY
        CONSTRAINT erasure_key_only_row CHECK (only_row),
    key bytea NOT NULL CONSTRAINT erasure_key_length CHECK (octet_length(key) = 32)
);

INSERT INTO auth.erasure_key (key)
VALUES (sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')));

CREATE TABLE auth.tombstone (
    digest bytea NOT NULL
        CONSTRAINT tombstone_pkey PRIMARY KEY
        CONSTRAINT tombstone_digest_length CHECK (octet_length(digest) = 32),
    erased_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE auth.tombstone IS 'erased users: a keyed hash of the subject, and one of the id';

GRANT UPDATE (tokens_not_before, profile_as_of), DELETE ON auth.user TO colloquy_service;
GRANT SELECT, INSERT, UPDATE (not_before), DELETE ON auth.revoked_session TO colloquy_service;
GRANT SELECT ON auth.erasure_key TO colloquy_service;
GRANT SELECT, INSERT ON auth.tombstone TO colloquy_service;
