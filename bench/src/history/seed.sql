-- A history with one user who has very much: :users users, :conversations conversations, :messages messages.
--
-- User 1 has a twentieth of the conversations and a tenth of the messages, a tenth of these in conversation 1. All
-- else is spread evenly. Messages of all users come interleaved, as they do in life. Every id can be computed:
-- user 000…n, conversation 000…n, and of conversation n the user is 2 + n % (:users - 1), or 1 for the first.
\set ON_ERROR_STOP on
SET session_replication_role = replica; -- the rows are right by construction
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
SELECT setseed(0.42) \g /dev/null

CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$SELECT (kind || lpad(n::text, 12, '0'))::uuid$$;
CREATE FUNCTION pg_temp.at(n bigint) RETURNS timestamptz LANGUAGE sql STABLE AS
$$SELECT timestamptz '2026-01-01 00:00Z' + n * interval '17 seconds'$$;
-- As the service makes them: the time first.
CREATE FUNCTION pg_temp.message_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$SELECT (lpad(to_hex(1767225600000 + n * 17000), 12, '0') || '70008000' || lpad(n::text, 12, '0'))::uuid$$;

-- 20,000 words of which some come very often, with letters as frequent as in English; and 20,000 sentences of a dozen
-- of them.
CREATE TEMP TABLE word AS
SELECT n, string_agg(substr(
    'eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllllcccuuummmwwffggyyppbbvk', 1 + (random() * 99)::int, 1
), '') AS word
FROM generate_series(1, 20000) n, generate_series(1, 3 + n % 7) letter
GROUP BY n;
CREATE TEMP TABLE sentence AS
SELECT s AS n, string_agg(word, ' ') || '.' AS text
FROM (SELECT s, 1 + floor(20000 * power(random(), 4))::int AS n FROM generate_series(0, 19999) s, generate_series(1, 12)) pick
JOIN word USING (n)
GROUP BY s;

CREATE TEMP TABLE placed AS
SELECT n, conversation, lag(n) OVER (PARTITION BY conversation ORDER BY n) AS parent
FROM (
    SELECT
        n,
        CASE
            WHEN n % 100 = 0 THEN 1
            WHEN n % 10 = 0 THEN 2 + (n / 10) % (:conversations / 20 - 1)
            ELSE :conversations / 20 + 1 + (n - n / 10 - 1) % (:conversations - :conversations / 20)
        END AS conversation
    FROM generate_series(1, :messages::bigint) n
) spread;

-- Made again afterwards, as they would be by many small writes.
CREATE TEMP TABLE later AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index
WHERE indrelid = 'history.message'::regclass AND NOT indisunique;
SELECT 'DROP INDEX ' || name FROM later \gexec

INSERT INTO history.message (
    message_id, user_id, conversation_id, parent_id, role, status, content, source_bytes, metadata, created_at, completed_at
)
SELECT
    pg_temp.message_id(p.n),
    pg_temp.id('00000000-0000-7000-8000-', CASE WHEN conversation <= :conversations / 20 THEN 1 ELSE 2 + conversation % (:users - 1) END),
    pg_temp.id('00000000-0000-7000-9000-', conversation),
    pg_temp.message_id(parent),
    CASE WHEN p.n % 2 = 0 THEN 'assistant' ELSE 'user' END,
    'completed',
    concat('m', p.n, ' ', a.text, ' ', b.text, ' ', c.text, ' ', d.text, ' ', e.text),
    CASE WHEN p.n % 4 = 0 THEN 300 ELSE 0 END,
    '{}',
    pg_temp.at(p.n),
    pg_temp.at(p.n)
FROM placed p
JOIN sentence a ON a.n = (p.n * 7919) % 20000
JOIN sentence b ON b.n = (p.n * 104729 + 1) % 20000
JOIN sentence c ON c.n = (p.n * 1299709 + 2) % 20000
JOIN sentence d ON d.n = (p.n * 15485863 + 3) % 20000
JOIN sentence e ON e.n = (p.n / 20000 + p.n) % 20000
ORDER BY p.n;
SELECT definition FROM later \gexec

INSERT INTO history.source (
    source_id, user_id, message_id, ordinal, kind, title, url, snippet, score, content_hash, metadata
)
SELECT
    gen_random_uuid(), m.user_id, m.message_id, ordinal, 'url', 'Document ' || (hash + ordinal) % 1000,
    'https://docs.example.com/' || (hash + ordinal) % 1000, left(m.content, 80), 0.5, md5(((hash + ordinal) % 1000)::text), '{}'
FROM (SELECT *, abs(hashtext(message_id::text)::bigint) AS hash FROM history.message WHERE source_bytes > 0) m,
    generate_series(1, 2) ordinal
ORDER BY m.message_id;

INSERT INTO history.conversation (
    conversation_id, user_id, title, title_source, agent, active_leaf_id, message_count, preview, metadata,
    created_at, updated_at
)
SELECT
    pg_temp.id('00000000-0000-7000-9000-', conversation),
    pg_temp.id('00000000-0000-7000-8000-', CASE WHEN conversation <= :conversations / 20 THEN 1 ELSE 2 + conversation % (:users - 1) END),
    'Conversation ' || conversation || ' about ' || word,
    'first_line', 'docs', pg_temp.message_id(last), messages, 'm' || last || ' and so on',
    '{}', pg_temp.at(first), pg_temp.at(last)
FROM (
    SELECT conversation, min(n) AS first, max(n) AS last, count(*) AS messages
    FROM placed
    GROUP BY conversation
) counted
JOIN word ON word.n = 1 + conversation % 20000
ORDER BY first;

-- For the first user and each tenth of the others; the service indexes them as it does after a crash.
INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
SELECT message_id, user_id, conversation_id, octet_length(content)
FROM history.message
WHERE user_id = pg_temp.id('00000000-0000-7000-8000-', 1)
    OR right(user_id::text, 1) = '0'
ORDER BY message_id;

VACUUM (ANALYZE) history.conversation, history.message, history.source, history.search_entry;
CHECKPOINT;
