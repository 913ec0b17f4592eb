-- Limits hang on a login, not on the roles it is in: call this once for each reader's login.
create function ops.limit_login(login name) returns void language plpgsql as $$
begin
    execute format('alter role %I set statement_timeout = ''60s''', login);
    execute format('alter role %I set idle_in_transaction_session_timeout = ''10min''', login);
    execute format('alter role %I set default_transaction_read_only = on', login);
    execute format('alter role %I set search_path = published', login);
end
$$;
revoke all on function ops.limit_login(name) from public;
