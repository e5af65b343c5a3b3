-- The current records of persons in their standard forms. A view: its rows are those of the table below, and many.
{{ config(materialized='view') }}

with int_identity__person_record as (
    select * exclude (is_gone)
    from {{ ref('int_identity__standard_record') }}
    where not is_gone
)

select * from int_identity__person_record
