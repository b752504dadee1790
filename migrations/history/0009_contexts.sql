-- Agents read what was said, also where an answer was stopped or failed after it had begun: without it they would see two
-- questions in a row, and could not go on from what the user has read.

-- What an agent is to read: the path that ends with the message, newest first, messages with a text that are written no
-- more, within a budget; and, where the path goes on beyond that, the completed system message that it begins with. A
-- function, so that it sees what the statement that calls it has waited for.
CREATE OR REPLACE FUNCTION history.run_context(
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
                SELECT p.message_id, p.parent_id, p.content, p.status NOT IN ('pending', 'streaming') AND p.content <> '' AS chosen
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
