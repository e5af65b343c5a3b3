-- The limits that clusters are made under, for the models in Python: one row.
with int_identity__guard as (
    select cast({{ identity_parameter('largest_cluster') }} as integer) as largest_cluster
)

select * from int_identity__guard
