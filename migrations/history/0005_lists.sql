-- Lists by what was cited and judged, the places that cite a document, and conversations that end by themselves.

-- Which conversations hold a message that cites something, or that was judged. Both are probed once for each
-- conversation that a list passes; the conditions of the queries imply those of the indexes.
CREATE INDEX message_cites_idx
    ON history.message (conversation_id, user_id)
    WHERE source_bytes > 0;
CREATE INDEX message_feedback_idx
    ON history.message (conversation_id, user_id, feedback_rating)
    WHERE feedback_rating IS NOT NULL;

-- An address can be longer than a key of an index, so a hash stands for it; statements compare the address as well.
-- The hashes are columns and no expressions of an index, because under a policy only leakproof functions reach one. Hash
-- partitions rest on the same function, so that its values are the same in every later version of PostgreSQL.
ALTER TABLE history.source
    ADD COLUMN url_key bigint GENERATED ALWAYS AS (hashtextextended(url, 0)) STORED,
    ADD COLUMN content_hash_key bigint GENERATED ALWAYS AS (hashtextextended(content_hash, 0)) STORED;

-- Message ids grow with time: read backwards, these give the newest citation first.
CREATE INDEX source_url_idx
    ON history.source (url_key, user_id, message_id, ordinal)
    WHERE url_key IS NOT NULL;
CREATE INDEX source_content_hash_idx
    ON history.source (content_hash_key, user_id, message_id, ordinal)
    WHERE content_hash_key IS NOT NULL;

-- A temporary conversation is gone for its user at the moment it expires, though its rows stay until they are swept.
--
-- This stands here, and not in each statement, so that no statement can forget it. Nothing but the conversation is
-- hidden: a policy that looked up the conversation of every message would double the cost of a page. Statements that
-- begin at a message, source or run therefore ask once for its conversation. Keys and cascades are not bound by
-- policies, so what is hidden can still be deleted; the keeper, who does that, is not bound by this one either.
CREATE POLICY conversation_until_it_expires ON history.conversation
    AS RESTRICTIVE
    TO colloquy_service
    USING (expires_at IS NULL OR expires_at > now());

GRANT UPDATE (expires_at) ON history.conversation TO colloquy_service;

-- The id that a client gave to an expired conversation is free again; only the keeper still sees who has it.
GRANT SELECT (user_id, client_id, expires_at), UPDATE (client_id) ON history.conversation TO colloquy_keeper;
