with

events as (
    select * from {{ ref('stg_app__consent_events') }}
),

parameters as (
    select * from {{ source('ops', 'run_parameters') }}
),

-- A grant counts from its day on; a revocation counts as soon as it is known, whatever its time says.
known as (
    select events.*
    from events
    inner join parameters on events.snapshot_date <= parameters.as_of_date
    where
        events.occurred_at is not null
        and events.scope in ('contact', 'modeling', 'matching', 'friends')
        and (
            events.consent_action = 'revoked'
            or (events.consent_action = 'granted' and events.occurred_at < {{ add_days('parameters.as_of_date', 1) }})
        )
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.person_key, known.scope
            order by known.occurred_at desc, known.consent_action desc, known.event_key desc, known.file_id desc, known.line desc
        ) as recency
    from known
)

select person_key, source, scope, occurred_at as granted_at, country_code
from ranked
where recency = 1 and consent_action = 'granted'
