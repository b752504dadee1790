-- Conversations, their trees of messages, what these cite, and the runs that wrote them. The migrator made the schema.
--
-- Every key contains the user: a row cannot point at another user's, each policy is a plain comparison, and the
-- tables can be partitioned by user some day. Each index begins with its most telling column, so that the planner,
-- which does not know that a conversation has one user, never takes the index of a whole conversation for one row.

-- Roles belong to the cluster: another database may be making this one at the same moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'colloquy_service') THEN
        CREATE ROLE colloquy_service NOLOGIN NOINHERIT;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

CREATE TABLE history.conversation (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    client_id text,
    title text,
    title_source text,
    pinned boolean NOT NULL DEFAULT false,
    archived boolean NOT NULL DEFAULT false,
    agent text,
    active_leaf_id uuid,
    message_count integer NOT NULL DEFAULT 0,
    preview text NOT NULL DEFAULT '',
    metadata json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    CONSTRAINT conversation_pkey PRIMARY KEY (conversation_id, user_id),
    CONSTRAINT conversation_client_key UNIQUE (user_id, client_id),
    CONSTRAINT conversation_title_source_check CHECK (title_source IN ('first_line', 'agent', 'user')),
    CONSTRAINT conversation_title_has_source CHECK ((title IS NULL) = (title_source IS NULL)),
    CONSTRAINT conversation_message_count_check CHECK (message_count >= 0)
);

COMMENT ON COLUMN history.conversation.agent IS 'the agent that was asked last';
COMMENT ON COLUMN history.conversation.metadata IS 'json, not jsonb: key order, numbers and escapes come back as they came';

-- The order of lists, read backwards.
CREATE INDEX conversation_list_idx
    ON history.conversation (user_id, archived, pinned, updated_at, conversation_id);

CREATE TABLE history.message (
    message_id uuid NOT NULL,
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    parent_id uuid,
    client_id text,
    role text NOT NULL,
    status text NOT NULL,
    content text NOT NULL,
    parts json,
    agent text,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    total_tokens bigint,
    error_code text,
    error_message text,
    feedback_rating text,
    feedback_note text,
    feedback_at timestamptz,
    source_bytes integer NOT NULL DEFAULT 0,
    metadata json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    CONSTRAINT message_pkey PRIMARY KEY (message_id, user_id),
    CONSTRAINT message_conversation_key UNIQUE (conversation_id, message_id, user_id),
    CONSTRAINT message_client_key UNIQUE (user_id, client_id),
    CONSTRAINT message_conversation_fkey FOREIGN KEY (user_id, conversation_id)
        REFERENCES history.conversation (user_id, conversation_id) ON DELETE CASCADE,
    CONSTRAINT message_parent_fkey FOREIGN KEY (user_id, conversation_id, parent_id)
        REFERENCES history.message (user_id, conversation_id, message_id),
    CONSTRAINT message_parent_is_another CHECK (parent_id <> message_id),
    CONSTRAINT message_role_check CHECK (role IN ('user', 'assistant', 'system', 'tool')),
    CONSTRAINT message_status_check
        CHECK (status IN ('pending', 'streaming', 'completed', 'failed', 'cancelled', 'interrupted')),
    CONSTRAINT message_error_is_whole CHECK ((error_code IS NULL) = (error_message IS NULL)),
    CONSTRAINT message_feedback_rating_check CHECK (feedback_rating IN ('up', 'down')),
    CONSTRAINT message_feedback_is_whole CHECK (
        (feedback_rating IS NULL) = (feedback_at IS NULL) AND (feedback_rating IS NOT NULL OR feedback_note IS NULL)
    ),
    CONSTRAINT message_source_bytes_check CHECK (source_bytes >= 0)
);

COMMENT ON COLUMN history.message.parts IS 'a JSON array as it came; NULL means one part with the content, or none when it is empty';
COMMENT ON COLUMN history.message.source_bytes IS 'what its sources weigh in a page, as the service counts; 0 spares the look for them';
COMMENT ON COLUMN history.message.metadata IS 'json, not jsonb: key order, numbers and escapes come back as they came';

-- Siblings in their order; also what deleting a parent looks for.
CREATE INDEX message_sibling_idx
    ON history.message (parent_id, message_id, conversation_id, user_id)
    WHERE parent_id IS NOT NULL;
CREATE INDEX message_root_idx
    ON history.message (conversation_id, user_id)
    WHERE parent_id IS NULL;

-- Checked at commit: a conversation and its first messages name each other.
ALTER TABLE history.conversation
    ADD CONSTRAINT conversation_active_leaf_fkey FOREIGN KEY (user_id, conversation_id, active_leaf_id)
        REFERENCES history.message (user_id, conversation_id, message_id) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE history.source (
    source_id uuid NOT NULL,
    user_id uuid NOT NULL,
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    kind text NOT NULL,
    title text,
    url text,
    snippet text,
    score double precision,
    span_start integer,
    span_end integer,
    content_hash text,
    metadata json NOT NULL,
    CONSTRAINT source_pkey PRIMARY KEY (message_id, ordinal, user_id),
    CONSTRAINT source_message_fkey FOREIGN KEY (user_id, message_id)
        REFERENCES history.message (user_id, message_id) ON DELETE CASCADE,
    CONSTRAINT source_kind_check CHECK (kind IN ('url', 'document')),
    CONSTRAINT source_ordinal_check CHECK (ordinal >= 1),
    CONSTRAINT source_span_check CHECK (
        (span_start IS NULL) = (span_end IS NULL) AND span_start >= 0 AND span_end >= span_start
    )
);

COMMENT ON COLUMN history.source.ordinal IS 'the place in the list that the agent gave, from 1';
COMMENT ON COLUMN history.source.metadata IS 'json, not jsonb: key order, numbers and escapes come back as they came';

CREATE TABLE history.run (
    run_id uuid NOT NULL,
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    user_message_id uuid NOT NULL,
    message_id uuid NOT NULL,
    agent text NOT NULL,
    status text NOT NULL,
    fence bigint NOT NULL,
    lease_expires_at timestamptz NOT NULL,
    cancel_requested_at timestamptz,
    request_id text,
    fingerprint bytea NOT NULL,
    input_tokens bigint,
    output_tokens bigint,
    total_tokens bigint,
    error_code text,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT run_pkey PRIMARY KEY (run_id, user_id),
    CONSTRAINT run_request_key UNIQUE (user_id, request_id),
    CONSTRAINT run_message_key UNIQUE (message_id, conversation_id, user_id),
    CONSTRAINT run_message_fkey FOREIGN KEY (user_id, conversation_id, message_id)
        REFERENCES history.message (user_id, conversation_id, message_id) ON DELETE CASCADE,
    CONSTRAINT run_user_message_fkey FOREIGN KEY (user_id, conversation_id, user_message_id)
        REFERENCES history.message (user_id, conversation_id, message_id) ON DELETE CASCADE,
    CONSTRAINT run_status_check CHECK (status IN ('running', 'completed', 'failed', 'cancelled', 'interrupted')),
    CONSTRAINT run_finished_when_not_running CHECK ((status = 'running') = (finished_at IS NULL)),
    CONSTRAINT run_fence_check CHECK (fence >= 1),
    CONSTRAINT run_error_is_whole CHECK ((error_code IS NULL) = (error_message IS NULL))
);

COMMENT ON COLUMN history.run.fence IS 'grows when the run changes hands; a write under an older one is refused';
COMMENT ON COLUMN history.run.request_id IS 'the idempotency key of the client';
COMMENT ON COLUMN history.run.fingerprint IS 'a digest of what was asked for under that key';

CREATE UNIQUE INDEX run_one_running_key
    ON history.run (conversation_id, user_id)
    WHERE status = 'running';

-- What deleting a question looks for.
CREATE INDEX run_user_message_idx
    ON history.run (user_message_id);

-- A statement sees the rows of the user whom its transaction names, and of nobody when it names none. A setting that
-- was LOCAL to an earlier transaction of the connection reads as ''.
ALTER TABLE history.conversation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE history.message ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE history.source ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE history.run ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY conversation_of_user ON history.conversation
    USING (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid)
    WITH CHECK (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid);
CREATE POLICY message_of_user ON history.message
    USING (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid)
    WITH CHECK (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid);
CREATE POLICY source_of_user ON history.source
    USING (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid)
    WITH CHECK (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid);
CREATE POLICY run_of_user ON history.run
    USING (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid)
    WITH CHECK (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid);

-- Just what the statements of the service need; rows below a deleted conversation go by its cascade.
GRANT USAGE ON SCHEMA history TO colloquy_service;
GRANT SELECT, INSERT, DELETE ON history.conversation TO colloquy_service;
GRANT UPDATE (
    client_id, title, title_source, pinned, archived, agent, active_leaf_id, message_count, preview, metadata,
    updated_at
) ON history.conversation TO colloquy_service;
GRANT SELECT, INSERT ON history.message TO colloquy_service;
GRANT UPDATE (
    status, content, parts, model, input_tokens, output_tokens, total_tokens, error_code, error_message,
    feedback_rating, feedback_note, feedback_at, source_bytes, completed_at
) ON history.message TO colloquy_service;
GRANT SELECT, INSERT ON history.source TO colloquy_service;
GRANT SELECT, INSERT ON history.run TO colloquy_service;
GRANT UPDATE (
    status, fence, input_tokens, output_tokens, total_tokens, error_code, error_message, finished_at
) ON history.run TO colloquy_service;
