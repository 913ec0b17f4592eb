-- Whether a landed text is a day or a moment. Postgres 16 can say so itself; before, a pattern that knows the calendar must do.
set local role groundgame_owner;
do $$
declare
    is_day text := $day$(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)$day$;
    is_time text := $time$(?:[T ](?:[01][0-9]|2[0-3])(?::[0-5][0-9]){1,2}(?:[.][0-9]+)?Z?)?$time$;
begin
    if current_setting('server_version_num')::int >= 160000 then
        execute 'create function public.is_day(value text) returns boolean language sql stable parallel safe return pg_input_is_valid(value, ''date'')';
        execute 'create function public.is_moment(value text) returns boolean language sql stable parallel safe return pg_input_is_valid(value, ''timestamp'')';
    else
        execute format('create function public.is_day(value text) returns boolean language sql immutable parallel safe return value ~ %L and value not like ''0000%%''', '^' || is_day || '$');
        execute format('create function public.is_moment(value text) returns boolean language sql immutable parallel safe return value ~ %L and value not like ''0000%%''', '^' || is_day || is_time || '$');
    end if;
end
$$;
comment on function public.is_day(text) is 'Whether a text like 2026-10-24 is a day of the calendar.';
comment on function public.is_moment(text) is 'Whether a text like 2026-10-24T03:00:00Z is a moment.';
