with current_bindings as (
    {{ current_rows('wechat__bindings', with_first_seen=true) }}
),

stg_wechat__bindings as (
    select
        openid,
        bound_at,
        mobile,
        name,
        id_last4,
        policy_no,
        system,
        {{ lineage(with_first_seen=true) }}
    from current_bindings
)

select * from stg_wechat__bindings
