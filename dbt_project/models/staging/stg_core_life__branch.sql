with current_branch as (
    {{ current_rows('core_life__branch') }}
),

stg_core_life__branch as (
    select
        branch_code,
        name,
        parent_branch_code,
        level,
        region_code,
        {{ lineage() }}
    from current_branch
)

select * from stg_core_life__branch
