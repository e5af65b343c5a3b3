-- Values too common to bring records together, and why (identity does not look at these pairs).
select
    kind,
    value,
    count(*) as records,
    'more than ' || {{ identity_parameter('block_limit') }} || ' records bear it' as reason
from {{ ref('int_identity__block') }}
where is_blocked
group by kind, value
