{# Rules that more than one column or model shares. They are the same on every engine. #}

{# A text field as received: blanks around it are no content, and nothing but blanks is nothing. #}
{% macro cleaned(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}

{# The codes of one field with their meanings, one row a code. Grouping proves that, so that an engine may skip an unused join. #}
{% macro code_meanings(field) -%}
    select source, code, max(value) as meaning
    from {{ source('raw', 'source_codes') }}
    where field = '{{ field }}'
    group by source, code
{%- endmacro %}

{# The meaning of a source's code: null when blank, UNK when the source's spec does not know it. #}
{% macro decoded(code, meaning) -%}
    case when {{ cleaned(code) }} is not null then coalesce({{ meaning }}, 'UNK') end
{%- endmacro %}

{# Digits of a ZIP: with the leading zero that spreadsheets drop put back, where the state has ZIPs that begin with zero. #}
{% macro zip_digits(zip_code, state_abbr) -%}
    case
        when length({{ digits_of(zip_code) }}) in (5, 9) then {{ digits_of(zip_code) }}
        when
            length({{ digits_of(zip_code) }}) in (4, 8)
            and {{ state_abbr }} in ('CT', 'MA', 'ME', 'NH', 'NJ', 'PR', 'RI', 'VI', 'VT')
            then '0' || {{ digits_of(zip_code) }}
    end
{%- endmacro %}

{# Whether a status means that the voter is on the roll; an unknown status does not take anybody off it. #}
{% macro on_the_roll(status) -%}
    coalesce({{ status }} not in ('denied', 'removed'), true)
{%- endmacro %}

{# The bit of the latest (1), second-latest (2), ... covered election of a kind. #}
{% macro latest_of_kind(kind, recency) -%}
    bit_or(case when election_kind = '{{ kind }}' and kind_recency = {{ recency }} then election_bit end)
        as {{ kind }}_{{ recency }}_mask
{%- endmacro %}

{# 1 voted, 0 was eligible and did not, null when not eligible or the history does not cover such an election. #}
{% macro voted_in(mask) -%}
    cast(case when eligible_mask & {{ mask }} = 0 then null when voted_mask & {{ mask }} = 0 then 0 else 1 end as smallint)
{%- endmacro %}

{# A residence as received, runs of blanks made one. What a state writes in place of an address is none. #}
{% macro address_text(address) -%}
    case
        when upper(trim({{ address }})) in ('', 'CONFIDENTIAL', 'REMOVED') then null
        when {{ address }} like '*%' then null
        when trim({{ address }}) like '%  %' then {{ squeezed('trim(' ~ address ~ ')') }}
        else trim({{ address }})
    end
{%- endmacro %}

{# What sort of place an address is. People at general delivery or on a base share an address without sharing a home. #}
{% macro address_kind(address) -%}
    case
        when {{ address }} is null then null
        when upper({{ address }}) like '%GENERAL DELIVERY%' then 'general_delivery'
        when upper({{ address }}) like 'PSC %' or upper({{ address }}) like 'UNIT %BOX %' then 'military'
        when upper({{ address }}) like 'PO BOX%' or upper({{ address }}) like 'P O BOX%' or upper({{ address }}) like 'P.O. BOX%'
            then 'po_box'
        when upper({{ address }}) like 'RR %' or upper({{ address }}) like 'RURAL ROUTE%' then 'rural_route'
        else 'street'
    end
{%- endmacro %}

{# All that a state says about a voter as one text: two lines of one voter are the same when it is. #}
{% macro registration_content() -%}
    concat_ws(
        '|',
        {%- for column in [
            'county_code', 'county_voter_id', 'last_name', 'first_name', 'middle_name', 'name_suffix', 'status',
            'status_reason_code', 'street_address', 'city', 'zip_code', 'mail_address', 'phone', 'email', 'is_confidential',
            'registered_date', 'race', 'ethnicity', 'party', 'sex', 'birth_year', 'birth_date', 'precinct_code',
            'household_code', 'experiment_arm'
        ] %}
        coalesce({{ as_text(column) }}, ''){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# The figures that every table of places shows of the voters there; group by the place. #}
{% macro roll_figures() -%}
    cast(count(*) as integer) as registered_count,
    cast(count(case when status = 'active' then 1 end) as integer) as active_count,
    cast(count(case when party = 'democratic' then 1 end) as integer) as democratic_count,
    cast(count(case when party = 'republican' then 1 end) as integer) as republican_count,
    cast(count(case when party = 'unaffiliated' then 1 end) as integer) as unaffiliated_count,
    cast(count(distinct household_id) as integer) as households_count,
    cast(sum(general_votes_count) as bigint) as general_votes_count,
    cast(sum(general_elections_count) as bigint) as general_elections_count,
    {{ ratio('sum(general_votes_count)', 'sum(general_elections_count)') }} as general_vote_share
{%- endmacro %}

{# The columns of one score in the wide table; reasons are those of tonight. #}
{% macro score_columns(score_name) -%}
    max(case when shown.score_name = '{{ score_name }}' then shown.score end) as {{ score_name }}_score,
    max(case when shown.score_name = '{{ score_name }}' then shown.model_version end) as {{ score_name }}_model_version,
    max(case when shown.score_name = '{{ score_name }}' then shown.reason_1 end) as {{ score_name }}_reason_1,
    max(case when shown.score_name = '{{ score_name }}' then shown.reason_2 end) as {{ score_name }}_reason_2,
    max(case when shown.score_name = '{{ score_name }}' then shown.reason_3 end) as {{ score_name }}_reason_3
{%- endmacro %}

{# The columns of one uplift score: an effect has no reason that could be said of one voter. #}
{% macro uplift_columns(score_name) -%}
    max(case when shown.score_name = '{{ score_name }}' then shown.score end) as {{ score_name }}_score,
    max(case when shown.score_name = '{{ score_name }}' then shown.model_version end) as {{ score_name }}_model_version
{%- endmacro %}
