-- A second role, for work that spans users: indexing for search, retention, erasures that are applied again. Policies
-- of its own let it see everyone's rows, but only the columns that it was granted.
--
-- The service becomes the keeper for one transaction, by SET LOCAL ROLE. It inherits nothing from it, so that a
-- statement outside of such a transaction sees one user as ever.

-- Roles belong to the cluster: another database may be making this one at the same moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'colloquy_keeper') THEN
        CREATE ROLE colloquy_keeper NOLOGIN NOINHERIT;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
-- The policies of the keeper would hold for whoever inherits from it.
DO $$
BEGIN
    IF (SELECT rolinherit FROM pg_catalog.pg_roles WHERE rolname = 'colloquy_service') THEN
        ALTER ROLE colloquy_service NOINHERIT;
    END IF;
    IF NOT pg_has_role('colloquy_service', 'colloquy_keeper', 'MEMBER') THEN
        IF current_setting('server_version_num')::integer >= 160000 THEN
            EXECUTE 'GRANT colloquy_keeper TO colloquy_service WITH INHERIT FALSE, SET TRUE';
        ELSE
            GRANT colloquy_keeper TO colloquy_service;
        END IF;
    END IF;
EXCEPTION
    WHEN unique_violation THEN NULL;
END
$$;

GRANT USAGE ON SCHEMA history TO colloquy_keeper;

CREATE POLICY conversation_of_keeper ON history.conversation TO colloquy_keeper USING (true);
CREATE POLICY message_of_keeper ON history.message TO colloquy_keeper USING (true);
CREATE POLICY source_of_keeper ON history.source FOR SELECT TO colloquy_keeper USING (true);
CREATE POLICY run_of_keeper ON history.run FOR SELECT TO colloquy_keeper USING (true);
