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
