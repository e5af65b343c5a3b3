-- The current records of persons in their standard forms. A table: a view keeps the name of the build's file within it, so
-- that publishing, which attaches the file under another name, could not read it.
with int_identity__person_record as (
    select * exclude (is_gone)
    from {{ ref('int_identity__standard_record') }}
    where not is_gone
)

select * from int_identity__person_record
