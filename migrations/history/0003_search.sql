-- Search: one narrow row for each message with a text and each conversation with a title, and an index over numbers
-- that stand for the pieces of their words.
--
-- A row is written with the text, in the same statement, and waits for its grams: those without are what the indexer
-- has to do, exactly, whatever crashed. Search reads them as well, so that it never misses what was just written.

CREATE TABLE history.search_entry (
    entry_id uuid NOT NULL,
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    length integer NOT NULL,
    grams integer[],
    CONSTRAINT search_entry_pkey PRIMARY KEY (entry_id, user_id),
    CONSTRAINT search_entry_conversation_fkey FOREIGN KEY (user_id, conversation_id)
        REFERENCES history.conversation (user_id, conversation_id) ON DELETE CASCADE,
    CONSTRAINT search_entry_length_check CHECK (length >= 0)
) WITH (toast_tuple_target = 128);

COMMENT ON COLUMN history.search_entry.entry_id IS 'the message, or the conversation itself for its title';
COMMENT ON COLUMN history.search_entry.length IS 'bytes of the text, by which readers bound their work';
COMMENT ON COLUMN history.search_entry.grams IS 'pieces of words, hashed together with user and block; NULL until indexed';

-- As they are, being as good as random; and not looked at by ANALYZE, for no user's grams say anything about another's.
ALTER TABLE history.search_entry
    ALTER COLUMN grams SET STORAGE EXTERNAL,
    ALTER COLUMN grams SET STATISTICS 0;

-- A user's entries are indexed in blocks. A search opens the newest first and stops when it has enough, so that a word in
-- each of a hundred thousand messages costs what one in a few thousand costs.
CREATE TABLE history.search_block (
    user_id uuid NOT NULL,
    block integer NOT NULL,
    entries integer NOT NULL,
    oldest uuid NOT NULL,
    newest uuid NOT NULL,
    CONSTRAINT search_block_pkey PRIMARY KEY (user_id, block),
    CONSTRAINT search_block_entries_check CHECK (entries >= 0)
);

COMMENT ON COLUMN history.search_block.oldest IS 'no entry of the block is older; entries that are gone still count';

-- What is there already waits, too. The migrating role is bound by the policies of these tables.
ALTER TABLE history.message NO FORCE ROW LEVEL SECURITY;
ALTER TABLE history.conversation NO FORCE ROW LEVEL SECURITY;
INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
SELECT message_id, user_id, conversation_id, octet_length(content)
FROM history.message
WHERE content <> '';
INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
SELECT conversation_id, user_id, conversation_id, octet_length(title)
FROM history.conversation
WHERE title IS NOT NULL;
ALTER TABLE history.message FORCE ROW LEVEL SECURITY;
ALTER TABLE history.conversation FORCE ROW LEVEL SECURITY;

-- Made behind the filling, which is faster than row by row.

-- The keys contain user and block. Writers collect, and a batch of one user's entries shares most of its keys: merging
-- them in bulk costs a fraction. The limit bounds what a search has to read besides. What waits stays out: without the
-- condition NULL would be a key as well, which every append had to write.
CREATE INDEX search_entry_grams_idx
    ON history.search_entry USING gin (grams)
    WITH (fastupdate = on, gin_pending_list_limit = 1024)
    WHERE grams IS NOT NULL;
-- What is still to be indexed.
CREATE INDEX search_entry_waiting_idx
    ON history.search_entry (user_id, entry_id)
    WHERE grams IS NULL;
-- What deleting a conversation looks for, and search within one.
CREATE INDEX search_entry_conversation_idx
    ON history.search_entry (conversation_id, entry_id, user_id);

ALTER TABLE history.search_entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE history.search_block ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY search_entry_of_user ON history.search_entry
    USING (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid)
    WITH CHECK (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid);

CREATE POLICY search_block_of_user ON history.search_block
    USING (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid)
    WITH CHECK (user_id = NULLIF(current_setting('colloquy.user_id', true), '')::uuid);

GRANT SELECT, INSERT ON history.search_entry TO colloquy_service;
GRANT UPDATE (length, grams) ON history.search_entry TO colloquy_service;

-- The keeper finds candidates and writes grams. Under a policy that compares the user, an array condition could not
-- use its index: its operator is not leakproof, so that the policy would have to come first.
CREATE POLICY search_entry_of_keeper ON history.search_entry TO colloquy_keeper
    USING (true)
    WITH CHECK (true);
CREATE POLICY search_block_of_keeper ON history.search_block TO colloquy_keeper
    USING (true)
    WITH CHECK (true);

GRANT SELECT, UPDATE (grams) ON history.search_entry TO colloquy_keeper;
GRANT SELECT, INSERT, UPDATE (entries, oldest, newest), DELETE ON history.search_block TO colloquy_keeper;
GRANT SELECT (message_id, user_id, content) ON history.message TO colloquy_keeper;
GRANT SELECT (conversation_id, user_id, title, archived, pinned, agent) ON history.conversation TO colloquy_keeper;
