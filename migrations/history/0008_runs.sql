-- What agents say while their runs go on, leases that are renewed, and runs that are asked to stop.

-- One row for each run and tick: a batch of events as the service encodes them. They are folded into the answer when it
-- is final, and are there a little longer for those who still read them.
CREATE TABLE history.run_event (
    run_id uuid NOT NULL,
    user_id uuid NOT NULL,
    position bigint NOT NULL,
    count integer NOT NULL,
    payload bytea NOT NULL,
    CONSTRAINT run_event_pkey PRIMARY KEY (run_id, position, user_id),
    CONSTRAINT run_event_run_fkey FOREIGN KEY (run_id, user_id)
        REFERENCES history.run (run_id, user_id) ON DELETE CASCADE,
    CONSTRAINT run_event_position_check CHECK (position >= 0),
    CONSTRAINT run_event_count_check CHECK (count >= 1)
);

COMMENT ON COLUMN history.run_event.position IS 'how many events the run had before these';
COMMENT ON COLUMN history.run_event.count IS 'how many events these are';
COMMENT ON COLUMN history.run_event.payload IS 'colloquy.history.v1.RunEvents';

-- Leases are in no index, so that renewing one touches none; this is the room for the next version of a row.
ALTER TABLE history.run SET (fillfactor = 85);

-- What is to be stopped: hardly ever more than a few.
CREATE INDEX run_cancelled_idx
    ON history.run (run_id)
    WHERE status = 'running' AND cancel_requested_at IS NOT NULL;

ALTER TABLE history.message
    ADD COLUMN finish_reason text
        CONSTRAINT message_finish_reason_check
        CHECK (finish_reason IN ('stop', 'length', 'content_filter', 'tool_calls', 'other'));

COMMENT ON COLUMN history.message.finish_reason IS 'why the agent stopped writing, where it said so';

ALTER TABLE history.run_event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY run_event_of_user ON history.run_event
    USING (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid)
    WITH CHECK (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid);

-- The last of a run's events are written with its end, as its user.
GRANT SELECT, INSERT ON history.run_event TO colloquy_service;
GRANT UPDATE (count, payload) ON history.run_event TO colloquy_service;
GRANT UPDATE (cancel_requested_at) ON history.run TO colloquy_service;
GRANT UPDATE (finish_reason) ON history.message TO colloquy_service;

-- Ticks, followers and leases span users.
CREATE POLICY run_event_of_keeper ON history.run_event TO colloquy_keeper USING (true);
DROP POLICY run_of_keeper ON history.run;
CREATE POLICY run_of_keeper ON history.run TO colloquy_keeper USING (true);

GRANT SELECT, INSERT, UPDATE (count, payload), DELETE ON history.run_event TO colloquy_keeper;
GRANT
    SELECT (run_id, conversation_id, status, fence, lease_expires_at, cancel_requested_at, finished_at),
    UPDATE (lease_expires_at)
    ON history.run TO colloquy_keeper;
GRANT SELECT (status), UPDATE (status) ON history.message TO colloquy_keeper;

-- The end of a run in one round trip. The conversation is held first, as by all who write into it; between statements that
-- a client sends, that lock would have to wait for the network.
CREATE FUNCTION history.finish_run(
    for_user uuid,
    ending uuid,
    under_fence bigint,
    new_run_status text,
    new_message_status text,
    new_input_tokens bigint,
    new_output_tokens bigint,
    new_total_tokens bigint,
    new_error_code text,
    new_error_message text,
    new_content text,
    new_parts json,
    new_model text,
    new_finish_reason text,
    new_source_bytes integer,
    new_title text,
    new_preview text,
    rest_position bigint,
    rest_count integer,
    rest_payload bytea,
    OUT ended_conversation uuid,
    OUT ended_question uuid,
    OUT ended_answer uuid,
    OUT ended_agent text,
    OUT ended_lease timestamptz,
    OUT begun_at timestamptz,
    OUT ended_at timestamptz,
    OUT left_events boolean,
    OUT answer_metadata json,
    OUT answer_feedback_rating text,
    OUT answer_feedback_note text,
    OUT answer_feedback_at timestamptz,
    OUT answer_created_at timestamptz,
    OUT sibling_index bigint,
    OUT sibling_count bigint,
    OUT conversation_client_id text,
    OUT conversation_title text,
    OUT conversation_title_source text,
    OUT conversation_pinned boolean,
    OUT conversation_archived boolean,
    OUT conversation_agent text,
    OUT conversation_leaf uuid,
    OUT conversation_message_count integer,
    OUT conversation_preview text,
    OUT conversation_metadata json,
    OUT conversation_created_at timestamptz,
    OUT conversation_expires_at timestamptz
)
    RETURNS SETOF record
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM
    FROM history.run r
    JOIN history.conversation c
        ON c.user_id = r.user_id
        AND c.conversation_id = r.conversation_id
    WHERE r.user_id = for_user
        AND r.run_id = ending
    FOR NO KEY UPDATE OF c;

    UPDATE history.run r
    SET status = new_run_status,
        input_tokens = new_input_tokens,
        output_tokens = new_output_tokens,
        total_tokens = new_total_tokens,
        error_code = new_error_code,
        error_message = new_error_message,
        finished_at = clock_timestamp()
    WHERE r.user_id = for_user
        AND r.run_id = ending
        AND r.fence = under_fence
        AND r.status = 'running'
    RETURNING r.conversation_id, r.user_message_id, r.message_id, r.agent, r.lease_expires_at, r.created_at, r.finished_at
    INTO ended_conversation, ended_question, ended_answer, ended_agent, ended_lease, begun_at, ended_at;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    UPDATE history.message m
    SET status = new_message_status,
        content = new_content,
        parts = new_parts,
        model = new_model,
        input_tokens = new_input_tokens,
        output_tokens = new_output_tokens,
        total_tokens = new_total_tokens,
        error_code = new_error_code,
        error_message = new_error_message,
        finish_reason = new_finish_reason,
        source_bytes = new_source_bytes,
        completed_at = ended_at
    WHERE m.user_id = for_user
        AND m.message_id = ended_answer
    RETURNING m.metadata, m.feedback_rating, m.feedback_note, m.feedback_at, m.created_at
    INTO answer_metadata, answer_feedback_rating, answer_feedback_note, answer_feedback_at, answer_created_at;

    SELECT count(*) FILTER (WHERE s.message_id <= ended_answer), count(*) INTO sibling_index, sibling_count
    FROM history.message s
    WHERE s.user_id = for_user
        AND s.conversation_id = ended_conversation
        AND s.parent_id = ended_question;

    UPDATE history.conversation c
    SET title = CASE WHEN new_title IS NULL OR c.title_source = 'user' THEN c.title ELSE new_title END,
        title_source = CASE WHEN new_title IS NULL OR c.title_source = 'user' THEN c.title_source ELSE 'agent' END,
        preview = CASE
            WHEN EXISTS (
                SELECT
                FROM history.message newer
                WHERE newer.user_id = for_user
                    AND newer.conversation_id = ended_conversation
                    AND newer.message_id > ended_answer
            ) THEN c.preview
            ELSE COALESCE(new_preview, c.preview)
        END,
        updated_at = ended_at
    WHERE c.user_id = for_user
        AND c.conversation_id = ended_conversation
    RETURNING
        c.client_id, c.title, c.title_source, c.pinned, c.archived, c.agent, c.active_leaf_id, c.message_count, c.preview,
        c.metadata, c.created_at, c.expires_at
    INTO
        conversation_client_id, conversation_title, conversation_title_source, conversation_pinned,
        conversation_archived, conversation_agent, conversation_leaf, conversation_message_count, conversation_preview,
        conversation_metadata, conversation_created_at, conversation_expires_at;
    IF NOT FOUND THEN
        -- It has expired, and its rows wait to be swept.
        RETURN;
    END IF;

    IF new_content <> '' THEN
        INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
        VALUES (ended_answer, for_user, ended_conversation, octet_length(new_content));
    END IF;
    IF new_title IS NOT NULL AND conversation_title_source = 'agent' THEN
        INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
        VALUES (ended_conversation, for_user, ended_conversation, octet_length(new_title))
        ON CONFLICT ON CONSTRAINT search_entry_pkey DO UPDATE
        SET length = excluded.length,
            grams = NULL;
    END IF;

    -- The last events are for those who follow: there are none where none were written before.
    left_events := EXISTS (
        SELECT
        FROM history.run_event e
        WHERE e.user_id = for_user
            AND e.run_id = ending
    );
    IF left_events AND rest_count IS NOT NULL THEN
        INSERT INTO history.run_event AS e (run_id, user_id, position, count, payload)
        VALUES (ending, for_user, rest_position, rest_count, rest_payload)
        ON CONFLICT ON CONSTRAINT run_event_pkey DO UPDATE
        SET count = excluded.count,
            payload = excluded.payload
        WHERE e.count < excluded.count;
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION history.finish_run IS 'ends a run that is running under a fence, and its answer, under the policies of its caller; no row without it';

REVOKE EXECUTE ON FUNCTION history.finish_run FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history.finish_run TO colloquy_service;
