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
    IF NOT FOUND THEN
        RETURN;
    END IF;

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

-- What an agent is to read: the path that ends with a message, newest first, completed messages with a text, within a
-- budget; and, where the path goes on beyond that, the completed system message that it begins with. A function, so that it
-- sees what the statement that calls it has waited for.
CREATE FUNCTION history.run_context(
    for_user uuid,
    in_conversation uuid,
    leaf uuid,
    most_messages integer,
    most_bytes bigint,
    most_characters bigint,
    OUT roles text[],
    OUT contents text[],
    OUT instructions text
)
    LANGUAGE plpgsql
    AS $$
DECLARE
    beyond uuid;
    root uuid;
    roots integer;
BEGIN
    WITH RECURSIVE path AS (
        SELECT
            m.message_id, m.parent_id, 1 AS depth, true AS chosen, 1 AS chosen_count,
            octet_length(m.content)::bigint AS bytes,
            CASE WHEN most_characters IS NULL THEN 0 ELSE char_length(m.content) END::bigint AS characters
        FROM history.message m
        WHERE m.user_id = for_user
            AND m.message_id = leaf
        UNION ALL
        SELECT
            m.message_id, m.parent_id, path.depth + 1, m.chosen, path.chosen_count + m.chosen::integer,
            path.bytes + m.bytes, path.characters + m.characters
        FROM path
        CROSS JOIN LATERAL (
            SELECT
                o.message_id, o.parent_id, o.chosen,
                CASE WHEN o.chosen THEN octet_length(o.content) ELSE 0 END AS bytes,
                CASE WHEN o.chosen AND most_characters IS NOT NULL THEN char_length(o.content) ELSE 0 END AS characters
            FROM (
                SELECT p.message_id, p.parent_id, p.content, p.status = 'completed' AND p.content <> '' AS chosen
                FROM history.message p
                WHERE p.user_id = for_user
                    AND p.message_id = path.parent_id
                LIMIT 1
            ) o
        ) m
        WHERE path.chosen_count < most_messages
            AND path.bytes < most_bytes
            AND (
                most_characters IS NULL
                OR path.characters + m.characters <= most_characters
                OR m.characters = 0
            )
    )
    SELECT
        array_agg(m.role ORDER BY path.depth) FILTER (WHERE path.chosen),
        array_agg(m.content ORDER BY path.depth) FILTER (WHERE path.chosen),
        (array_agg(path.parent_id ORDER BY path.depth DESC))[1]
    INTO roles, contents, beyond
    FROM path
    CROSS JOIN LATERAL (
        SELECT o.role, CASE WHEN path.chosen THEN o.content END AS content
        FROM history.message o
        WHERE o.user_id = for_user
            AND o.message_id = path.message_id
        LIMIT 1
    ) m;
    IF beyond IS NULL THEN
        RETURN;
    END IF;

    -- Where the conversation has one message without a parent, as most have, that is the root, and nothing is walked; else
    -- the path is, by ids alone.
    SELECT (array_agg(first.message_id))[1], count(*) INTO root, roots
    FROM (
        SELECT o.message_id
        FROM history.message o
        WHERE o.user_id = for_user
            AND o.conversation_id = in_conversation
            AND o.parent_id IS NULL
        LIMIT 2
    ) first;
    IF roots > 1 THEN
        WITH RECURSIVE walk AS (
            SELECT o.message_id, o.parent_id
            FROM history.message o
            WHERE o.user_id = for_user
                AND o.message_id = beyond
            UNION ALL
            SELECT m.message_id, m.parent_id
            FROM walk
            CROSS JOIN LATERAL (
                SELECT o.message_id, o.parent_id
                FROM history.message o
                WHERE o.user_id = for_user
                    AND o.message_id = walk.parent_id
                LIMIT 1
            ) m
        )
        SELECT walk.message_id INTO root
        FROM walk
        WHERE walk.parent_id IS NULL;
    END IF;
    SELECT o.content INTO instructions
    FROM history.message o
    WHERE o.user_id = for_user
        AND o.message_id = root
        AND o.role = 'system'
        AND o.status = 'completed';
END
$$;

COMMENT ON FUNCTION history.run_context IS 'what an agent is to read, newest first, under the policies of its caller';

-- The beginning of a run in one round trip: the conversation, when it is to be made, the question, the pending answer, the run.
CREATE FUNCTION history.start_run(
    for_user uuid,
    in_conversation uuid,
    in_named text,
    may_make boolean,
    new_expires_at timestamptz,
    new_run uuid,
    new_question uuid,
    new_answer uuid,
    after_message uuid,
    as_root boolean,
    new_client_id text,
    new_content text,
    new_metadata json,
    new_preview text,
    new_title text,
    asked_agent text,
    lease_seconds double precision,
    new_request_id text,
    new_fingerprint bytea,
    OUT begun_in uuid,
    OUT asked_after uuid,
    OUT among bigint,
    OUT begun_at timestamptz,
    OUT held_until timestamptz,
    OUT conversation_client_id text,
    OUT conversation_title text,
    OUT conversation_title_source text,
    OUT conversation_pinned boolean,
    OUT conversation_archived boolean,
    OUT conversation_message_count integer,
    OUT conversation_metadata json,
    OUT conversation_created_at timestamptz,
    OUT conversation_expires_at timestamptz
)
    RETURNS SETOF record
    LANGUAGE plpgsql
    AS $$
DECLARE
    held record;
BEGIN
    IF in_named IS NOT NULL THEN
        SELECT c.conversation_id, c.active_leaf_id, c.title INTO held
        FROM history.conversation c
        WHERE c.user_id = for_user
            AND c.client_id = in_named
        FOR NO KEY UPDATE;
        begun_in := held.conversation_id;
    ELSIF NOT may_make THEN
        SELECT c.conversation_id, c.active_leaf_id, c.title INTO held
        FROM history.conversation c
        WHERE c.user_id = for_user
            AND c.conversation_id = in_conversation
        FOR NO KEY UPDATE;
        begun_in := held.conversation_id;
    END IF;
    IF begun_in IS NULL THEN
        IF NOT may_make THEN
            RETURN;
        END IF;
        -- Of two who make it at once the second waits here, and gets what the first has made.
        INSERT INTO history.conversation AS c (conversation_id, user_id, client_id, metadata, expires_at)
        VALUES (in_conversation, for_user, in_named, '{}', new_expires_at)
        ON CONFLICT ON CONSTRAINT conversation_client_key DO UPDATE
        SET client_id = excluded.client_id
        RETURNING c.conversation_id, c.active_leaf_id, c.title INTO held;
        begun_in := held.conversation_id;
    END IF;
    -- After the lock, so that times follow the order of the messages.
    begun_at := clock_timestamp();
    held_until := begun_at + make_interval(secs => lease_seconds);
    asked_after := CASE WHEN as_root THEN NULL ELSE COALESCE(after_message, held.active_leaf_id) END;

    INSERT INTO history.message (
        message_id, user_id, conversation_id, parent_id, client_id, role, status, content, metadata, created_at,
        completed_at
    )
    VALUES (
        new_question, for_user, begun_in, asked_after, new_client_id, 'user', 'completed', new_content, new_metadata,
        begun_at, begun_at
    );
    INSERT INTO history.message (
        message_id, user_id, conversation_id, parent_id, role, status, content, agent, metadata, created_at
    )
    VALUES (new_answer, for_user, begun_in, new_question, 'assistant', 'pending', '', asked_agent, '{}', begun_at);
    INSERT INTO history.run (
        run_id, user_id, conversation_id, user_message_id, message_id, agent, status, fence, lease_expires_at, request_id,
        fingerprint, created_at
    )
    VALUES (
        new_run, for_user, begun_in, new_question, new_answer, asked_agent, 'running', 1, held_until, new_request_id,
        new_fingerprint, begun_at
    );
    INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
    VALUES (new_question, for_user, begun_in, octet_length(new_content));
    IF held.title IS NULL AND new_title IS NOT NULL THEN
        -- It may have had another title before, which was taken back.
        INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
        VALUES (begun_in, for_user, begun_in, octet_length(new_title))
        ON CONFLICT ON CONSTRAINT search_entry_pkey DO UPDATE
        SET length = excluded.length,
            grams = NULL;
    END IF;
    UPDATE history.conversation c
    SET active_leaf_id = new_answer,
        agent = asked_agent,
        message_count = c.message_count + 2,
        preview = new_preview,
        title = COALESCE(c.title, new_title),
        title_source = CASE WHEN c.title IS NULL AND new_title IS NOT NULL THEN 'first_line' ELSE c.title_source END,
        updated_at = begun_at
    WHERE c.user_id = for_user
        AND c.conversation_id = begun_in
    RETURNING
        c.client_id, c.title, c.title_source, c.pinned, c.archived, c.message_count, c.metadata, c.created_at, c.expires_at
    INTO
        conversation_client_id, conversation_title, conversation_title_source, conversation_pinned,
        conversation_archived, conversation_message_count, conversation_metadata, conversation_created_at,
        conversation_expires_at;

    IF asked_after IS NULL THEN
        SELECT count(*) INTO among
        FROM history.message s
        WHERE s.user_id = for_user
            AND s.conversation_id = begun_in
            AND s.parent_id IS NULL;
    ELSE
        SELECT count(*) INTO among
        FROM history.message s
        WHERE s.user_id = for_user
            AND s.conversation_id = begun_in
            AND s.parent_id = asked_after;
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION history.start_run IS 'begins a run with a new question as the active leaf, under the policies of its caller; no row without the conversation';

REVOKE EXECUTE ON FUNCTION history.run_context, history.start_run FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history.run_context, history.start_run TO colloquy_service;
