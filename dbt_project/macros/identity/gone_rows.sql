{#
    The last version of each key of a lake table that is no longer current (deleted, or missing from a later full delivery),
    with the key's first business date. `current`: the staging model that holds the current ones.
#}
{% macro gone_rows(table, current, deletable=false) -%}
    select
        delivered.*,
        min(delivered._business_date) over (partition by delivered._scope, delivered._key) as first_seen_on
    from {{ source('lake', table) }} as delivered
    where
        delivered._source_system || ':' || delivered._key not in (select record_key from {{ ref(current) }})
        {%- if deletable %}
        and delivered.is_deleted is distinct from 'Y'
        {%- endif %}
    qualify row_number() over (
        partition by delivered._scope, delivered._key order by delivered._business_date desc, delivered._line desc
    ) = 1
{%- endmacro %}
