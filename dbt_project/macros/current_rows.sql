{#
    The rows of a lake table that are current at the build's as_of: of each key (within its scope, the files that are
    full together) the newest version by business date, then line. A key that is missing from a later full delivery is
    gone, unless that delivery held it in a row that was quarantined; a version marked is_deleted is gone too.

    Only what follows the last full delivery is read, and of the older dates only keys that this delivery quarantined.
    `deletable`: the table has a column is_deleted. `with_first_seen`: add first_seen_on, the key's least business date.
    `erasable`: the prefix of its record ids ('' mostly). A record whose erasure was asked for stays although its source
    dropped it since: identity must go on seeing whose other records are to be erased with it, and leaves all of them out.
#}
{% macro current_rows(table, deletable=false, with_first_seen=false, erasable=none) -%}
    with last_full as (
        select
            _scope,
            max(business_date) as full_on
        from {{ source('lake', 'full_load') }}
        where table_name = '{{ table }}'
        group by _scope
    ),

    protected as (
        select distinct
            quarantine._scope,
            quarantine._key,
            quarantine.business_date
        from {{ source('lake', 'quarantine') }} as quarantine
        where quarantine._key is not null and quarantine.table_name = '{{ table }}'
    ),

    {%- if erasable is not none %}
    erased as (
        select distinct
            system as _source_system,
            substr(record_id, {{ erasable | length + 1 }}) as _key
        from {{ source('lake', 'stewardship__erasures') }}
        where starts_with(record_id, '{{ erasable }}')
    ),
    {%- endif %}

    versions as (
        select
            delivered.*,
            row_number() over (
                partition by delivered._scope, delivered._key order by delivered._business_date desc, delivered._line desc
            ) as _version
        from {{ source('lake', table) }} as delivered
        left join last_full on delivered._scope = last_full._scope
        left join protected
            on delivered._scope = protected._scope
            and delivered._key = protected._key
            and last_full.full_on = protected.business_date
        {%- if erasable is not none %}
        left join erased on delivered._source_system = erased._source_system and delivered._key = erased._key
        {%- endif %}
        where
            last_full.full_on is null
            or delivered._business_date >= last_full.full_on
            or protected._key is not null
            {%- if erasable is not none %}
            or erased._key is not null
            {%- endif %}
    ),

    newest as (
        select * from versions where _version = 1
    ),

    gone as (
        select distinct
            newest._scope,
            newest._key
        from newest
        inner join {{ source('lake', 'full_load') }} as full_load
            on newest._scope = full_load._scope
            and full_load.table_name = '{{ table }}'
            and full_load.business_date > newest._business_date
        left join protected
            on newest._scope = protected._scope
            and newest._key = protected._key
            and full_load.business_date = protected.business_date
        where protected._key is null
    ),

    alive as (
        select newest.*
        from newest
        left join gone on newest._scope = gone._scope and newest._key = gone._key
        {%- if erasable is not none %}
        left join erased on newest._source_system = erased._source_system and newest._key = erased._key
        where
            erased._key is not null
            or (gone._key is null{% if deletable %} and newest.is_deleted is distinct from 'Y'{% endif %})
        {%- else %}
        where gone._key is null{% if deletable %} and newest.is_deleted is distinct from 'Y'{% endif %}
        {%- endif %}
    )
    {%- if with_first_seen %},

    first_seen as (
        select
            _scope,
            _key,
            min(_business_date) as first_seen_on
        from {{ source('lake', table) }}
        group by _scope, _key
    )

    select
        alive.*,
        first_seen.first_seen_on
    from alive
    inner join first_seen on alive._scope = first_seen._scope and alive._key = first_seen._key
    {%- else %}

    select * from alive
    {%- endif %}
{%- endmacro %}

{# Where a current row came from, the same in every staging model. #}
{% macro lineage(with_first_seen=false) -%}
    _source_system as source_system,
    _business_date as business_date,
    _file_name as file_name,
    _line as line_number,
    {%- if with_first_seen %}
    first_seen_on,
    {%- endif %}
    _source_system || ':' || _key as record_key
{%- endmacro %}
