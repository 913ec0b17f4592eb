with

nodes as (
    select node_id, node_path, level from {{ ref('dim_field_nodes') }} where is_placed and level <> 'organizer'
),

paths as (
    select distinct contacts.node_path as path_below, nodes.node_id
    from (select distinct node_path from {{ ref('fct_contacts') }}) as contacts
    inner join nodes on substr(contacts.node_path, 1, length(nodes.node_path)) = nodes.node_path
),

-- The first general election after somebody was first tried is the one that the work was for.
tried as (
    select
        paths.node_id,
        contacts.contact_type,
        contacts.voter_id,
        cast(count(*) as integer) as attempts_count,
        max(case when contacts.is_conversation then 1 else 0 end) as was_reached,
        max(case when contacts.support_level is not null then 1 else 0 end) as was_identified,
        max(case when contacts.support_level <= 2 then 1 else 0 end) as was_supporter,
        min(contacts.contacted_date) as first_date
    from {{ ref('fct_contacts') }} as contacts
    inner join paths on contacts.node_path = paths.path_below
    where not contacts.is_repeated
    group by paths.node_id, contacts.contact_type, contacts.voter_id
),

elections as (
    select source, election_id, election_date, is_history_complete
    from {{ ref('dim_elections') }}
    where election_type = 'general'
),

firsts as (
    select days.source, days.first_date, min(elections.election_date) as election_date
    from (
        select distinct voters.source, tried.first_date
        from tried
        inner join {{ ref('dim_voters') }} as voters on tried.voter_id = voters.voter_id
    ) as days
    inner join elections on days.source = elections.source and elections.election_date >= days.first_date
    group by days.source, days.first_date
),

told as (
    select
        tried.*,
        elections.election_date,
        elections.is_history_complete,
        case when votes.voter_id is not null then 1 else 0 end as has_voted
    from tried
    inner join {{ ref('dim_voters') }} as voters on tried.voter_id = voters.voter_id
    left join firsts on voters.source = firsts.source and tried.first_date = firsts.first_date
    left join elections on voters.source = elections.source and firsts.election_date = elections.election_date
    left join {{ ref('fct_votes') }} as votes
        on tried.voter_id = votes.voter_id and elections.election_id = votes.election_id
)

select
    told.node_id,
    nodes.node_path,
    nodes.level,
    told.contact_type,
    told.election_date,
    coalesce(told.is_history_complete, false) as is_turnout_known,
    cast(sum(told.attempts_count) as integer) as attempts_count,
    cast(count(*) as integer) as tried_count,
    cast(sum(told.was_reached) as integer) as reached_count,
    cast(sum(told.was_identified) as integer) as identified_count,
    cast(sum(told.was_supporter) as integer) as supporters_count,
    cast(sum(case when told.is_history_complete then told.has_voted end) as integer) as tried_voted_count,
    cast(sum(case when told.is_history_complete then told.has_voted * told.was_reached end) as integer) as reached_voted_count,
    cast(sum(case when told.is_history_complete then told.has_voted * told.was_supporter end) as integer)
        as supporters_voted_count
from told
inner join nodes on told.node_id = nodes.node_id
group by told.node_id, nodes.node_path, nodes.level, told.contact_type, told.election_date, told.is_history_complete
