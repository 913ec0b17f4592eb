-- What consumers read: fixed views in `published`, over one partition a run in `runs`, joined to a pointer of one row.
create schema published authorization groundgame_owner;
create schema runs authorization groundgame_owner;
grant usage on schema published, runs to groundgame_analyst, groundgame_field;

set local role groundgame_owner;

create table runs.run (
    slot bigint primary key, seq bigint not null, run_id varchar not null, as_of_date date not null, content_hash varchar not null
);
create table runs.run_tables (
    slot bigint not null, table_name varchar not null, row_count bigint not null, content_hash varchar not null,
    primary key (slot, table_name)
);
-- Never more than one row, and none before the first publication.
create table runs.pointer (is_the_only_row boolean primary key default true check (is_the_only_row), slot bigint not null);
-- Which counties a login of the field role sees. A login without a row sees no voter.
create table runs.field_counties (
    login varchar not null, state_abbr varchar not null, county_code varchar not null,
    primary key (login, state_abbr, county_code)
);

create view published.published_run with (security_invoker = true) as
select run_id, as_of_date, seq, content_hash from runs.run where slot = (select slot from runs.pointer);
create view published.published_tables with (security_invoker = true) as
select table_name, row_count, content_hash from runs.run_tables where slot = (select slot from runs.pointer);

grant select on runs.run, runs.run_tables, runs.pointer to groundgame_analyst, groundgame_field;
grant select on runs.field_counties to groundgame_field;
grant select on published.published_run, published.published_tables to groundgame_analyst, groundgame_field;

alter table runs.field_counties enable row level security;
create policy own_rows on runs.field_counties for select to groundgame_field using (login = current_user);

comment on view published.published_run is 'The run that is served now.';
comment on view published.published_tables is 'Its tables with their rows and content hashes.';
comment on table runs.field_counties is 'Which counties a login of the field role sees.';
