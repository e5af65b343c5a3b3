{#
    Half-width form of a text, without what people put between characters. Few texts have such letters, and to look for them
    costs a tenth of translating.
#}
{% macro half_width(text) -%}
    case
        when regexp_matches({{ text }}, '[！-～　]')
            then
                translate(
                    {{ text }},
                    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＋－（）　＠．',
                    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-() @.'
                )
        else {{ text }}
    end
{%- endmacro %}

{#
    An identity document's number: half width, upper case, letters and digits only (a multiplication sign, or the Greek or Russian
    letter, is how some write the last X), without ID before a number of 18; null when nothing is left. Most are written so: they
    are only looked at.
#}
{% macro compact_id(text) -%}
    case
        when regexp_full_match({{ text }}, '[0-9A-Z]+') then {{ text }}
        else
            nullif(regexp_replace(
                regexp_replace(upper(translate({{ half_width(text) }}, '×ΧχХх', 'XXXXX')), '[^0-9A-Z]', '', 'g'),
                '^[A-Z]+([1-9][0-9]{16}[0-9X])$', '\1'
            ), '')
    end
{%- endmacro %}

{# The check character that GB 11643 (ISO 7064 MOD 11-2) asks for after 17 digits. #}
{% macro gb11643_check(digits17) -%}
    substr('10X98765432', 1 + (
        {%- for weight in [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] %}
        {{ weight }} * (cast({{ digits17 }} as bigint) // {{ 10 ** (17 - loop.index) }} % 10){{ ' +' if not loop.last }}
        {%- endfor %}
    ) % 11, 1)
{%- endmacro %}

{#
    What the two forms of a foreign permanent resident's card have in common: province and birthday. Until 2023 three letters of
    the country, four digits of the place, six of the birthday, two more; since then 9, two digits of the province, three of the
    country, and on as in a resident's number.
#}
{% macro residence_key(id_kind, compact) -%}
    case
        when {{ id_kind }} = 'FPR' and regexp_full_match({{ compact }}, '[A-Z]{3}[0-9]{12}')
            then substr({{ compact }}, 4, 2) || substr({{ compact }}, 8, 6)
        when {{ id_kind }} = 'RIC' and {{ compact }} like '9%' then substr({{ compact }}, 2, 2) || substr({{ compact }}, 9, 6)
    end
{%- endmacro %}

{#
    A mobile number's eleven digits, without +86, separators and the .0 that a spreadsheet adds; the first of several; null when
    it is no mobile number.
#}
{% macro mobile_digits(text) -%}
    case
        when regexp_full_match({{ text }}, '1[3-9][0-9]{9}') then {{ text }}
        else
            nullif(regexp_extract(
                regexp_replace(
                    regexp_extract({{ half_width(text) }}, '^[^/、,，;；|]*'), '\.0$|[^0-9]', '', 'g'
                ), '^(?:0086|86|0)?(1[3-9][0-9]{9})$', 1
            ), '')
    end
{%- endmacro %}

{# A mobile number whose middle was made unreadable (138****1234): what is shown of it; null for any other. #}
{% macro mobile_shown(text) -%}
    case
        when contains({{ text }}, '*')
            then nullif(regexp_replace({{ text }}, '^.*?(1[3-9][0-9])[*]+([0-9]{4})$|^.*$', '\1\2'), '')
    end
{%- endmacro %}

{# The last four characters of a resident's number whose middle was made unreadable; null for any other. #}
{% macro last4_shown(text) -%}
    case
        when contains({{ text }}, '*') then nullif(upper(regexp_extract({{ text }}, '^(?:[0-9]{6,}[*]+|[0-9]+[*]{8,})[0-9]*([0-9]{3}[0-9Xx])$', 1)), '')
    end
{%- endmacro %}

{# An e-mail address in half width and small letters; null when empty. #}
{% macro email_form(text) -%} nullif(lower(trim({{ half_width(text) }})), '') {%- endmacro %}

{# A document's number whose digits are one repeated, or counted up. #}
{% macro is_placeholder_number(compact) -%}
    (
        replace(regexp_replace({{ compact }}, '[^0-9]', '', 'g'), substr(regexp_extract({{ compact }}, '[0-9]+'), 1, 1), '') = ''
        or regexp_full_match({{ compact }}, '[A-Z]*0?123456(7|78|789|7890)?')
    )
{%- endmacro %}

{# The last eight digits all equal, or the number that every form's example shows. #}
{% macro is_placeholder_mobile(digits) -%}
    (
        {{ digits }} = '13800138000'
        or substr({{ digits }}, 4, 8) = repeat(substr({{ digits }}, 4, 1), 8)
    )
{%- endmacro %}

{#
    Where an address lies: the last letters before its first number, and its numbers; null when that says too little. Arguments
    are columns, the half-width address and its `numbers_of`, so that neither is worked out twice.
#}
{% macro address_key(half_width_address, numbers) -%}
    case
        when contains({{ numbers }}, '-')
            then
                right(regexp_replace(regexp_extract({{ half_width_address }}, '^[^0-9]+'), '[^A-Za-z一-鿿]', '', 'g'), 3)
                || {{ numbers }}
    end
{%- endmacro %}

{# The numbers that a text holds, joined by hyphens. #}
{% macro numbers_of(text) -%} trim(regexp_replace({{ text }}, '[^0-9]+', '-', 'g'), '-') {%- endmacro %}

{# The order of the sources wherever one must come first (rules.md §3). #}
{% macro source_order(source_system) -%}
    case {{ source_system }}
        when 'core_life' then 1
        when 'core_banca' then 2
        when 'crm' then 3
        when 'channel_individual' then 4
        when 'channel_broker' then 5
        when 'channel_banca' then 6
        when 'wechat_individual' then 7
        when 'wechat_broker' then 8
        when 'wechat_banca' then 9
        else 10
    end
{%- endmacro %}
