with recursive branches as (
    select * from {{ ref('stg_core_life__branch') }}
),

-- Up the tree from every branch until a province; the depth bounds a loop that bad data could make.
ancestors as (
    select
        branch_code,
        branch_code as ancestor_code,
        1 as depth
    from branches
    union all
    select
        ancestors.branch_code,
        branches.parent_branch_code as ancestor_code,
        ancestors.depth + 1 as depth
    from ancestors
    inner join branches on ancestors.ancestor_code = branches.branch_code
    where branches.parent_branch_code is not null and ancestors.depth < 10
),

provinces as (
    select
        ancestors.branch_code,
        min(branches.branch_code) as level2_branch_code
    from ancestors
    inner join branches on ancestors.ancestor_code = branches.branch_code
    where branches.level = 2
    group by ancestors.branch_code
),

branch as (
    select
        branches.branch_code,
        branches.name,
        branches.parent_branch_code,
        branches.level,
        branches.region_code,
        provinces.level2_branch_code
    from branches
    left join provinces on branches.branch_code = provinces.branch_code
)

select * from branch
