-- The audit log is asked for what somebody did, what was done, and what was done to something: each in order of number.

CREATE INDEX audit_actor ON audit (actor, number);
CREATE INDEX audit_action ON audit (action, number);
CREATE INDEX audit_target ON audit (target, number) WHERE target IS NOT NULL;
