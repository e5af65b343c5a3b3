{#
    The rule that says of two records that they are one person (or, VETO_ID, that they are not), by strength; null where
    nothing strong says so. Columns are those of int_identity__pair; the two relations over ID numbers are arguments, so
    that a rule's precision can be measured as if the numbers were not known.
#}
{% macro identity_rule(id_relation, last4_relation) -%}
    case
        when {{ id_relation }} = 'different' then 'VETO_ID'
        -- One ID under two wholly different names is somebody else's ID in one of them, and birthday and sex may have been filled in
        -- from it: only a name that lost or won a character is the same person's where they agree.
        when
            {{ id_relation }} = 'same' and name_relation = 'different'
            and not (is_name_part and is_birth_delivered_same and not is_sex_different)
            then 'REVIEW_ID_TWO_NAMES'
        when {{ id_relation }} = 'same' then 'SAME_ID'
        when is_unionid_same and name_relation <> 'different' and {{ last4_relation }} <> 'different' then 'SAME_UNIONID'
        when is_named_by_card and name_relation <> 'different' then 'CARD_NAMES_RECORD'
        when is_same_who and name_relation <> 'different' then 'SAME_WHO'
        when name_relation in ('different', 'none', 'surname') then null
        when birth_relation = 'different'
            then
                case
                    when {{ id_relation }} in ('guess', 'near') and mobile_relation = 'same' and name_relation = 'same'
                        then 'NEAR_ID_NAME_MOBILE'
                end
        when {{ last4_relation }} = 'different' and {{ id_relation }} <> 'near' then null
        when {{ id_relation }} in ('guess', 'near') and name_relation in ('same', 'sound') then 'NEAR_ID_NAME'
        when {{ id_relation }} in ('guess', 'near') and mobile_relation = 'same' then 'NEAR_ID_NEAR_NAME_MOBILE'
        when mobile_relation = 'same' and birth_relation in ('same', 'swapped') and name_relation <> 'near' then 'NAME_MOBILE_BIRTH'
        when {{ last4_relation }} = 'same' and mobile_relation = 'same' then 'NAME_MOBILE_LAST4'
        when {{ last4_relation }} = 'same' and is_on_policy then 'NAME_POLICY_LAST4'
        -- Twins have unlike but similar names: a name that sounds the same is a slip of the pen, any other may be the other twin's.
        when name_relation = 'homophone'
            then
                case
                    when birth_relation = 'same' and mobile_relation = 'same' then 'HOMOPHONE_MOBILE_BIRTH'
                    when email_relation = 'same' then 'HOMOPHONE_EMAIL'
                    when birth_relation = 'same' and address_relation = 'same' then 'HOMOPHONE_BIRTH_ADDRESS'
                end
        when name_relation = 'near'
            then
                case
                    when mobile_relation = 'same' and birth_relation = 'same' then 'NEAR_NAME_MOBILE_BIRTH'
                    when email_relation = 'same' and birth_relation = 'same' then 'NEAR_NAME_EMAIL_BIRTH'
                end
        -- A wrong sex happens to one person; of two people of one name it is often all that tells them apart.
        when is_sex_different and birth_relation <> 'same' then null
        when email_relation = 'same' then 'NAME_EMAIL'
        when mobile_relation = 'same' and not is_mobile_agents and not is_mobile_namesakes then 'NAME_MOBILE'
        when is_on_policy then 'NAME_POLICY'
        when mobile_relation = 'near' and birth_relation in ('same', 'swapped') then 'NAME_NEAR_MOBILE_BIRTH'
        when mobile_relation = 'near' then 'NAME_NEAR_MOBILE'
        when birth_relation = 'same' and address_relation = 'same' then 'NAME_BIRTH_ADDRESS'
        when {{ last4_relation }} = 'same' and birth_relation = 'same' then 'NAME_BIRTH_LAST4'
    end
{%- endmacro %}

{# A parameter of identity that holds on the build's date. #}
{% macro identity_parameter(name) -%}
    (
        select parameters.value
        from {{ ref('identity_parameter') }} as parameters
        where parameters.parameter = '{{ name }}' and {{ valid_on('parameters', as_of()) }}
    )
{%- endmacro %}

{# A value, or null where int_identity__nobodys_value says that it is nobody's. #}
{% macro unless_nobodys(kind, value) -%}
    case
        when {{ value }} not in (
            select nobodys.value from {{ ref('int_identity__nobodys_value') }} as nobodys where nobodys.kind = '{{ kind }}'
        ) then {{ value }}
    end
{%- endmacro %}

{# The age from which somebody binds an account, or has a child: an interval. #}
{% macro adult_age() -%} to_years(cast({{ identity_parameter('adult_years') }} as integer)) {%- endmacro %}

{# How two sets of values compare: none where one of them is unknown. #}
{% macro set_relation(a, b) -%}
    case
        when {{ a }} is null or {{ b }} is null then 'none'
        when list_has_any({{ a }}, {{ b }}) then 'same'
        else 'different'
    end
{%- endmacro %}

{# How likely somebody else has one's birthday (sixty years of birth), and the last four of one's ID number. #}
{% macro chance_of_birthday() -%} (1.0 / 22000) {%- endmacro %}
{% macro chance_of_last4() -%} (1.0 / 2000) {%- endmacro %}

{# Number of the period of a day, periods being as long as the days within which a referral becomes an application. #}
{% macro sale_period(day) -%}
    cast(floor(
        {{ days_between("date '2000-01-01'", day) }}
        / ({{ identity_parameter('sale_days_before') }} + {{ identity_parameter('sale_days_after') }} + 1)
    ) as integer)
{%- endmacro %}
