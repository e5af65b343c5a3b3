{#
    What an earlier date's build hands to this one (see docs of the build): the tiers, who is who and the grades of agents as of the last
    day of the month before as_of, computed anew. Where nobody made them they are empty, and previous tiers are unknown.
#}
{% macro make_absent_inputs() %}
    create table if not exists lake.previous_customer_tier (
        customer_id varchar, scope varchar, as_of date, tier integer, contribution integer, potential integer,
        rule_id varchar, parts varchar, is_contactable boolean
    );
    create table if not exists lake.previous_customer_source (
        source_system varchar, source_record_id varchar, customer_id varchar
    );
    create table if not exists lake.previous_agent_grade (agent_code varchar, as_of date, grade varchar)
{% endmacro %}
