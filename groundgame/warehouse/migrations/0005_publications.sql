-- Which run was served from which publication on, for readers; the ledger's own page also tells attempts and the clock.
set local role groundgame_owner;

create table runs.publications (
    seq bigint primary key, run_id varchar not null, as_of_date date not null, state varchar not null, content_hash varchar not null
);
do $$
begin
    if to_regclass('ops.publications') is not null then
        insert into runs.publications
        select distinct on (seq) seq, run_id, as_of_date, state, content_hash
        from ops.publications where state in ('done', 'rolled_back') order by seq, published_at;
    end if;
end
$$;
create view published.publications with (security_invoker = true) as
select seq, run_id, as_of_date, state, content_hash from runs.publications;

grant select on runs.publications, published.publications to groundgame_analyst, groundgame_field;

comment on view published.publications is 'Every switch of readers to a run: publications (done) and rollbacks (rolled_back), by number.';
comment on column published.publications.seq is 'Number of the switch.';
comment on column published.publications.run_id is 'The run that was served from then on.';
comment on column published.publications.as_of_date is 'Its night.';
comment on column published.publications.state is 'done: published. rolled_back: gone back to.';
comment on column published.publications.content_hash is 'Hash of everything in it.';
