-- Figures that are new or have another value than when they were last published, and for a changed one why: what the publication
-- log remembers. A figure is restated where its figure, measure and period had been published before.
{{ config(schema="core") }}
{%- set same = 'figures.figure = published.figure and figures.measure = published.measure and figures.period_end = published.period_end' %}
{#- What a figure counts or weighs: only what can move it is its cause. -#}
{%- set of_persons = "changed.figure in ('scorecard', 'tier_distribution')" %}
{%- set of_parameters -%}
    (
        changed.figure in ('tier_distribution', 'partner_concentration_answer')
        or changed.measure in ('score', 'grade', 'verdict')
        or ends_with(changed.measure, '_points')
    )
{%- endset %}
with base as (
    select * from {{ source('lake', 'publication') }}
    where is_newest
),

figures as (
    select * from {{ ref('figure') }}
),

published as (
    select
        figure,
        measure,
        period_end,
        grain,
        arg_max_null(value, sequence) as value,
        arg_max_null(label, sequence) as label
    from {{ source('lake', 'published_figure') }}
    group by figure, measure, period_end, grain
),

published_periods as (
    select distinct
        figure,
        measure,
        period_end
    from published
),

whole_periods as (
    select distinct
        figure,
        measure,
        period_end
    from figures
    where is_whole
),

compared as (
    select
        coalesce(figures.figure, published.figure) as figure,
        coalesce(figures.measure, published.measure) as measure,
        coalesce(figures.period_end, published.period_end) as period_end,
        coalesce(figures.grain, published.grain) as grain,
        figures.value,
        figures.label,
        published.value as previous_value,
        published.label as previous_label,
        figures.figure is null as is_missing
    from figures
    full outer join published on {{ same }} and figures.grain = published.grain
),

changed as (
    select
        compared.*,
        published_periods.figure is not null as is_restated
    from compared
    left join published_periods
        on
            compared.figure = published_periods.figure
            and compared.measure = published_periods.measure
            and compared.period_end = published_periods.period_end
    left join whole_periods
        on
            compared.figure = whole_periods.figure
            and compared.measure = whole_periods.measure
            and compared.period_end = whole_periods.period_end
    where
        (
            compared.value is distinct from compared.previous_value
            or compared.label is distinct from compared.previous_label
            or published_periods.figure is null
        )
        and (not compared.is_missing or whole_periods.figure is not null)
),

-- What was delivered since the base was published: late, when it is about a day that the base spoke of already.
news as (
    select
        load.source_system,
        load.business_date,
        load.revision,
        load.file_name,
        load.business_date <= base.as_of as is_late
    from {{ source('lake', 'load') }} as load
    cross join base
    where load.status = 'LOADED' and load.file_name is not null and load.loaded_at > base.published_at
),

touched as (
    {%- for table, system in [
        ('core_life__policy', 'core_life'), ('core_life__premium_due', 'core_life'),
        ('core_life__policy_event', 'core_life'), ('core_life__claim', 'core_life'),
        ('core_life__policy_party', 'core_life'), ('core_banca__poly', 'core_banca'),
        ('core_banca__prem', 'core_banca'), ('core_banca__evnt', 'core_banca')
    ] %}
        select distinct
            '{{ system }}' as source_system,
            delivered.policy_no,
            news.is_late
        from {{ source('lake', table) }} as delivered
        inner join news
            on
                news.source_system = '{{ system }}'
                and delivered._business_date = news.business_date
                and delivered._revision = news.revision
                and delivered._file_name = news.file_name
        {{ 'union' if not loop.last }}
    {%- endfor %}
),

touched_cells as (
    select distinct
        policy.channel,
        policy.branch_code,
        policy.partner_code,
        policy.agent_code,
        policy.bank_code,
        touched.is_late
    from touched
    inner join {{ ref('core_policy') }} as policy
        on touched.source_system = policy.source_system and touched.policy_no = policy.policy_no
),

changed_cells as (
    select distinct
        figure,
        grain,
        {{ cell_column('channel') }},
        {{ cell_column('branch_code') }},
        {{ cell_column('partner_code') }},
        {{ cell_column('agent_code') }},
        {{ cell_column('bank_code') }}
    from changed
    where is_restated
),

evidence as (
    select
        changed_cells.figure,
        changed_cells.grain,
        {{ any_true('touched_cells.is_late') }} as has_late_policies,
        count(touched_cells.is_late) > 0 as has_new_policies
    from changed_cells
    left join touched_cells
        on
            (changed_cells.channel is null or changed_cells.channel = touched_cells.channel)
            and (changed_cells.branch_code is null or changed_cells.branch_code = touched_cells.branch_code)
            and (changed_cells.partner_code is null or changed_cells.partner_code = touched_cells.partner_code)
            and (changed_cells.agent_code is null or changed_cells.agent_code = touched_cells.agent_code)
            and (changed_cells.bank_code is null or changed_cells.bank_code = touched_cells.bank_code)
    group by changed_cells.figure, changed_cells.grain
),

-- Scores whose own values are as they were can only have been given other points.
valued_anew as (
    select distinct
        figure,
        grain,
        period_end
    from changed
    where is_restated and ends_with(measure, '_value')
),

happened as (
    select
        base.parameter_version != generation_info.parameter_version as is_parameter,
        base.code_version != generation_info.code_version as is_code,
        exists(
            select 1
            from {{ source('lake', 'stewardship__erasures') }} as erasures
            left join news
                on
                    news.source_system = 'stewardship'
                    and erasures._business_date = news.business_date
                    and erasures._revision = news.revision
                    and erasures._file_name = news.file_name
            where news.file_name is not null or erasures._business_date > base.as_of
        ) as is_erasure,
        exists(select 1 from {{ ref('core_record_step') }} as steps where steps.change is not null) as is_merge,
        exists(select 1 from news where news.is_late) as is_late
    from base
    cross join {{ source('lake', 'generation_info') }} as generation_info
),

reasoned as (
    select
        changed.*,
        case
            when changed.is_restated
                then list_filter([
                    case
                        when happened.is_parameter and {{ of_parameters }} and valued_anew.figure is null then 'PARAMETER'
                    end,
                    case
                        when evidence.has_late_policies or (happened.is_late and changed.measure in ('satisfaction', 'nps'))
                            then 'LATE_DELIVERY'
                    end,
                    case when happened.is_erasure and {{ of_persons }} then 'ERASURE' end,
                    case when happened.is_merge and {{ of_persons }} then 'MERGE' end,
                    case when evidence.has_new_policies and not evidence.has_late_policies then 'CORRECTION' end,
                    case when happened.is_late and not evidence.has_late_policies then 'LATE_DELIVERY' end,
                    case when happened.is_code then 'RULE_CHANGE' end,
                    case when not evidence.has_new_policies then 'CORRECTION' end
                ], cause -> cause is not null)
        end as causes
    from changed
    cross join happened
    left join evidence on changed.figure = evidence.figure and changed.grain = evidence.grain
    left join valued_anew
        on
            changed.figure = valued_anew.figure
            and changed.grain = valued_anew.grain
            and changed.period_end = valued_anew.period_end
),

first_figures as (
    select
        figure,
        measure,
        period_end,
        grain,
        value,
        label
    from figures
    where not exists (select 1 from base)
),

figure_step as (
    select
        figure,
        measure,
        period_end,
        grain,
        value,
        label,
        previous_value,
        previous_label,
        causes[1] as reason,
        array_to_string(list_sort(list_distinct(list_filter(causes, cause -> cause != causes[1]))), ',') as other_causes
    from reasoned
    union all by name
    select * from first_figures
)

select
    figure,
    measure,
    cast(period_end as date) as period_end,
    grain,
    value,
    label,
    previous_value,
    previous_label,
    reason,
    other_causes
from figure_step
