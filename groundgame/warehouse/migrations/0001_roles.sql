-- Who may do what. Roles belong to the whole server, so another database of it may have made them already.
do $$
begin
    if not exists (select from pg_roles where rolname = 'groundgame_owner') then
        create role groundgame_owner nologin;
    end if;
    -- Whose logins run the nights: `grant groundgame_pipeline to <login>`.
    if not exists (select from pg_roles where rolname = 'groundgame_pipeline') then
        create role groundgame_pipeline nologin;
    end if;
    -- Reads what is published, all of it.
    if not exists (select from pg_roles where rolname = 'groundgame_analyst') then
        create role groundgame_analyst nologin;
    end if;
    -- Reads what is published of the counties that published.field_counties gives to the login.
    if not exists (select from pg_roles where rolname = 'groundgame_field') then
        create role groundgame_field nologin;
    end if;
end
$$;
grant groundgame_owner to groundgame_pipeline;
grant groundgame_owner to current_user;
