-- Who waits in the queue: asked whenever a session ends, most often in vain.
CREATE INDEX session_queued ON session (id) WHERE phase = 'queued';
