-- The current records of persons in their standard forms. The view leaves the database's name out, so that whoever attaches
-- the build's file under another name can read it.
{{ config(materialized='view') }}

with int_identity__person_record as (
    select * exclude (is_gone)
    from {{ ref('int_identity__standard_record').include(database=false) }}
    where not is_gone
)

select * from int_identity__person_record
