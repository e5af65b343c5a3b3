with generation as (
    select
        generation_info.generation_id,
        build_info.as_of,
        generation_info.built_at,
        generation_info.code_version,
        generation_info.parameter_version
    from {{ source('lake', 'generation_info') }} as generation_info
    cross join {{ source('lake', 'build_info') }} as build_info
)

select * from generation
