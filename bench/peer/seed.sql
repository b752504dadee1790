-- The users of the issuer :issuer, for the auth service; and for the peers what a history of `bench/src/history/seed.sql`
-- holds, in the tables that an application would have. Ids are the same.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';

-- Else the history service would be busy with its index for minutes.
TRUNCATE history.search_entry;

CREATE SCHEMA peer;
CREATE TABLE peer.users (
    id uuid PRIMARY KEY,
    subject text NOT NULL UNIQUE,
    email text NOT NULL,
    name text NOT NULL,
    image text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO peer.users (id, subject, email, name)
SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'user-' || n, 'user-' || n || '@example.com', 'Name of user-' || n
FROM generate_series(1, :users) n;
INSERT INTO auth."user" (user_id, issuer, subject, email, name)
SELECT id, :'issuer', subject, email, name FROM peer.users;

CREATE TABLE peer.conversations AS
SELECT
    conversation_id AS id, user_id, title, preview, message_count::int AS message_count, false AS pinned, false AS archived,
    metadata, created_at, updated_at
FROM history.conversation;
ALTER TABLE peer.conversations
    ADD PRIMARY KEY (id),
    ADD FOREIGN KEY (user_id) REFERENCES peer.users (id),
    ALTER created_at SET DEFAULT now(),
    ALTER updated_at SET DEFAULT now();
CREATE INDEX ON peer.conversations (user_id, updated_at DESC, id DESC);

CREATE TABLE peer.messages AS
SELECT m.message_id AS id, m.conversation_id, m.role, m.status, m.content, s.sources, m.created_at
FROM history.message m
LEFT JOIN (
    SELECT
        message_id,
        jsonb_agg(jsonb_build_object('url', url, 'title', title, 'snippet', snippet, 'score', score) ORDER BY ordinal) AS sources
    FROM history.source
    GROUP BY message_id
) s USING (message_id)
ORDER BY m.message_id;
ALTER TABLE peer.messages
    ADD PRIMARY KEY (id),
    ADD FOREIGN KEY (conversation_id) REFERENCES peer.conversations (id),
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER created_at SET DEFAULT now(),
    ALTER created_at SET NOT NULL;
CREATE INDEX ON peer.messages (conversation_id, created_at DESC, id DESC);

GRANT USAGE ON SCHEMA peer TO PUBLIC;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA peer TO PUBLIC;
VACUUM (ANALYZE) peer.users, peer.conversations, peer.messages, auth."user";
CHECKPOINT;
