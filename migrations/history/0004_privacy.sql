-- Erasure of users and retention of conversations.

-- One row: what tombstones are hashed with. It is made here, so that every backup that holds a conversation of an
-- erased user holds it too. No role of the service reads it; the function below does.
CREATE TABLE history.erasure_key (
    only_row boolean NOT NULL DEFAULT true
        CONSTRAINT erasure_key_pkey PRIMARY KEY
        CONSTRAINT erasure_key_only_row CHECK (only_row),
    key bytea NOT NULL CONSTRAINT erasure_key_length CHECK (octet_length(key) = 32)
);

INSERT INTO history.erasure_key (key)
VALUES (sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')));

-- Key and id have a fixed length, so that no digest can be made from another.
CREATE FUNCTION history.erasure_digest(user_id uuid) RETURNS bytea
    LANGUAGE sql STABLE STRICT SECURITY DEFINER
    SET search_path = pg_catalog
    AS $$ SELECT sha256(k.key || uuid_send(user_id)) FROM history.erasure_key k $$;

COMMENT ON FUNCTION history.erasure_digest IS 'a keyed hash of a user, by which the tombstone is found';

-- What whoever erases a user holds, and whoever makes a conversation of theirs shares, until the transaction ends.
CREATE FUNCTION history.erasure_lock(user_id uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT pg_catalog.hashtextextended('colloquy erasure ' || user_id, 0) $$;

CREATE TABLE history.tombstone (
    digest bytea NOT NULL
        CONSTRAINT tombstone_pkey PRIMARY KEY
        CONSTRAINT tombstone_digest_length CHECK (octet_length(digest) = 32),
    erased_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    conversations bigint NOT NULL DEFAULT 0,
    messages bigint NOT NULL DEFAULT 0,
    sources bigint NOT NULL DEFAULT 0,
    runs bigint NOT NULL DEFAULT 0
);

COMMENT ON TABLE history.tombstone IS 'erased users: a keyed hash of the id, and how many rows went';
COMMENT ON COLUMN history.tombstone.finished_at IS 'when nothing was left; null: the erasure is under way, or broke off';

-- The few that are to be looked for.
CREATE INDEX tombstone_unfinished_idx
    ON history.tombstone (erased_at)
    WHERE finished_at IS NULL;

-- Everything that is written belongs to a conversation, so a user who can make none can begin nothing; what is written
-- into one that is still there goes with it. Each statement of the function sees what was committed before it: also the
-- tombstone of an erasure that it had to wait for.
CREATE FUNCTION history.refuse_erased_user() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(history.erasure_lock(NEW.user_id));
    IF EXISTS (SELECT FROM history.tombstone t WHERE t.digest = history.erasure_digest(NEW.user_id)) THEN
        RAISE EXCEPTION 'the user was erased'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'conversation_user_is_not_erased';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER conversation_user_is_not_erased
    BEFORE INSERT ON history.conversation
    FOR EACH ROW EXECUTE FUNCTION history.refuse_erased_user();

-- What retention looks for.
CREATE INDEX conversation_expiry_idx
    ON history.conversation (expires_at)
    WHERE expires_at IS NOT NULL;
CREATE INDEX conversation_retention_idx
    ON history.conversation (updated_at)
    WHERE NOT pinned;

-- A user sees their own tombstone only.
ALTER TABLE history.tombstone ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY tombstone_of_user ON history.tombstone
    USING (digest = history.erasure_digest(NULLIF(current_setting('colloquy.user_id', true), '')::uuid))
    WITH CHECK (digest = history.erasure_digest(NULLIF(current_setting('colloquy.user_id', true), '')::uuid));

CREATE POLICY tombstone_of_keeper ON history.tombstone TO colloquy_keeper USING (true);

REVOKE EXECUTE ON FUNCTION history.erasure_digest, history.erasure_lock, history.refuse_erased_user FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history.erasure_digest, history.erasure_lock TO colloquy_service, colloquy_keeper;
GRANT SELECT ON history.tombstone TO colloquy_service;
GRANT SELECT, INSERT (digest), UPDATE (finished_at, conversations, messages, sources, runs)
    ON history.tombstone TO colloquy_keeper;

-- What the keeper does for one user (an erasure, a client's id that is free again) it does with the setting of that
-- user, and then a statement that forgot its condition reaches nobody else. Search entries have no such policy: it would
-- come before the conditions on arrays, which then could not use their index.
CREATE POLICY conversation_of_keepers_user ON history.conversation
    AS RESTRICTIVE
    TO colloquy_keeper
    USING (
        NULLIF(current_setting('colloquy.user_id', true), '') IS NULL
        OR user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid
    );
CREATE POLICY message_of_keepers_user ON history.message
    AS RESTRICTIVE
    TO colloquy_keeper
    USING (
        NULLIF(current_setting('colloquy.user_id', true), '') IS NULL
        OR user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid
    );
CREATE POLICY search_block_of_keepers_user ON history.search_block
    AS RESTRICTIVE
    TO colloquy_keeper
    USING (
        NULLIF(current_setting('colloquy.user_id', true), '') IS NULL
        OR user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid
    );

-- Erasure and retention need to see who has what and how old it is; the texts that the keeper may read besides are for
-- indexing. What hangs below a row that it deletes goes by cascade, which asks for no grant and minds no policy.
GRANT SELECT (conversation_id, user_id, active_leaf_id, pinned, message_count, updated_at, expires_at),
    UPDATE (active_leaf_id, expires_at), DELETE
    ON history.conversation TO colloquy_keeper;
GRANT SELECT (message_id, user_id, conversation_id, parent_id), UPDATE (parent_id), DELETE
    ON history.message TO colloquy_keeper;
GRANT SELECT (user_id, message_id) ON history.source TO colloquy_keeper;
GRANT SELECT (user_id, message_id) ON history.run TO colloquy_keeper;
