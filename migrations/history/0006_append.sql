-- An append in one round trip. Between statements that a client sends, the lock on the conversation would have to wait
-- for the network; here each statement sees what was committed before the lock was had, as it must, and nobody waits.

CREATE FUNCTION history.append_message(
    for_user uuid,
    in_conversation uuid,
    new_id uuid,
    after_message uuid,
    as_root boolean,
    new_client_id text,
    new_role text,
    new_content text,
    new_source_bytes integer,
    new_metadata json,
    new_preview text,
    new_title text,
    OUT appended_to uuid,
    OUT among bigint,
    OUT appended_at timestamptz
)
    RETURNS SETOF record
    LANGUAGE plpgsql
    AS $$
DECLARE
    held record;
BEGIN
    SELECT c.active_leaf_id, c.title INTO held
    FROM history.conversation c
    WHERE c.user_id = for_user
        AND c.conversation_id = in_conversation
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- After the lock, so that times follow the order of the messages.
    appended_at := clock_timestamp();
    appended_to := CASE WHEN as_root THEN NULL ELSE COALESCE(after_message, held.active_leaf_id) END;

    INSERT INTO history.message (
        message_id, user_id, conversation_id, parent_id, client_id, role, status, content, source_bytes, metadata,
        created_at, completed_at
    )
    VALUES (
        new_id, for_user, in_conversation, appended_to, new_client_id, new_role, 'completed', new_content,
        new_source_bytes, new_metadata, appended_at, appended_at
    );
    INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
    VALUES (new_id, for_user, in_conversation, octet_length(new_content));

    IF held.title IS NULL AND new_title IS NOT NULL THEN
        -- It had another title before, which was taken back.
        INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
        VALUES (in_conversation, for_user, in_conversation, octet_length(new_title))
        ON CONFLICT ON CONSTRAINT search_entry_pkey DO UPDATE
        SET length = excluded.length,
            grams = NULL;
        UPDATE history.conversation c
        SET title = new_title,
            title_source = 'first_line'
        WHERE c.user_id = for_user
            AND c.conversation_id = in_conversation;
    END IF;
    UPDATE history.conversation c
    SET active_leaf_id = new_id,
        message_count = c.message_count + 1,
        preview = new_preview,
        updated_at = appended_at
    WHERE c.user_id = for_user
        AND c.conversation_id = in_conversation;

    IF appended_to IS NULL THEN
        SELECT count(*) INTO among
        FROM history.message s
        WHERE s.user_id = for_user
            AND s.conversation_id = in_conversation
            AND s.parent_id IS NULL;
    ELSE
        SELECT count(*) INTO among
        FROM history.message s
        WHERE s.user_id = for_user
            AND s.conversation_id = in_conversation
            AND s.parent_id = appended_to;
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION history.append_message IS 'appends a message as the active leaf, under the policies of its caller; no row without the conversation';

REVOKE EXECUTE ON FUNCTION history.append_message FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history.append_message TO colloquy_service;
