with

attempts as (
    select * from {{ ref('int_contacts__reached') }}
),

voters as (
    select
        voter_id,
        case when age < 35 then 'young' when age < 65 then 'middle' else 'old' end as age_band
    from {{ ref('dim_voters') }}
    where is_scorable and age is not null
),

hours as (
    select
        voters.age_band,
        attempts.local_hour,
        cast(count(*) as bigint) as attempts_count,
        cast(sum(attempts.is_reached) as bigint) as reached_count
    from attempts
    inner join voters on attempts.voter_id = voters.voter_id
    where attempts.local_hour is not null
    group by voters.age_band, attempts.local_hour
),

-- Fewer attempts than a hundred do not tell one hour from another.
ranked as (
    select
        age_band,
        local_hour,
        row_number() over (
            partition by age_band
            order by {{ ratio('reached_count', 'attempts_count') }} desc, attempts_count desc, local_hour
        ) as place
    from hours
    where attempts_count >= 100
)

select voters.voter_id, cast(ranked.local_hour as smallint) as best_hour
from voters
inner join ranked on voters.age_band = ranked.age_band and ranked.place = 1
