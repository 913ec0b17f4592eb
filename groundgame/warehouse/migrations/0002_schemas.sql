-- Nobody but the pipeline makes anything here, not even a temporary table.
do $$
begin
    execute format('revoke create, temporary on database %I from public', current_database());
    execute format('grant create, temporary on database %I to groundgame_owner', current_database());
end
$$;
revoke all on schema public from public;
grant usage on schema public to public;
grant all on schema public to groundgame_owner;

create schema raw authorization groundgame_owner;
create schema ops authorization groundgame_owner;
create schema scores authorization groundgame_owner;
create schema vault authorization groundgame_owner;

-- The name that other engines, and therefore the models' contracts, have for this type.
create domain public.double as double precision;
