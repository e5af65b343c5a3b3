{# Codes of the other systems in core_life's words, which are the warehouse's words. #}
{% macro in_our_words(column, vocabulary) -%}
    {%- set words = {
        'banca_sex': {'1': 'M', '2': 'F'},
        'banca_id_type': {'01': 'ID', '02': 'PASSPORT', '03': 'MIL', '04': 'HKMO', '05': 'TW', '06': 'FPR', '07': 'BIRTH', '99': 'OTHER'},
        'banca_marital_status': {'1': 'S', '2': 'M', '3': 'D', '4': 'W'},
        'banca_education': {'1': 'PRIMARY', '2': 'JUNIOR', '3': 'SENIOR', '4': 'COLLEGE', '5': 'BACHELOR', '6': 'MASTER', '7': 'DOCTOR'},
        'banca_consent': {'1': 'Y', '0': 'N'},
        'banca_relation': {'00': 'SELF', '01': 'SPOUSE', '02': 'CHILD', '03': 'PARENT', '99': 'OTHER'},
        'banca_status': {'01': 'ACTIVE', '02': 'LAPSED', '03': 'SURRENDERED', '04': 'CANCELLED', '05': 'DEATH', '06': 'MATURED', '07': 'PAIDUP', '08': 'REPUDIATED'},
        'banca_pay_mode': {'0': 'SINGLE', '12': 'ANNUAL', '6': 'SEMI', '3': 'QUARTERLY', '1': 'MONTHLY'},
        'banca_event_type': {'10': 'ISSUE', '11': 'COOLING_OFF_CANCEL', '20': 'LAPSE', '21': 'REINSTATE', '30': 'SURRENDER', '40': 'DEATH_CLAIM', '50': 'MATURITY', '60': 'PAIDUP'},
        'banca_referral_result': {'1': 'SOLD', '2': 'OPEN', '0': 'LOST'},
        'chinese_sex': {'男': 'M', '女': 'F'},
        'chinese_education': {'初中': 'JUNIOR', '高中': 'SENIOR', '大专': 'COLLEGE', '本科': 'BACHELOR', '硕士': 'MASTER', '博士': 'DOCTOR'},
        'chinese_yes': {'是': 'Y', '否': 'N'},
        'chinese_id_type': {'身份证': 'ID', '护照': 'PASSPORT', '港澳居民来往内地通行证': 'HKMO', '台湾居民来往大陆通行证': 'TW', '外国人永久居留身份证': 'FPR', '军官证': 'MIL', '出生证': 'BIRTH', '其他': 'OTHER'},
    }[vocabulary] -%}
    case {{ column }}
        {%- for code, word in words.items() %}
        when '{{ code }}' then '{{ word }}'
        {%- endfor %}
    end
{%- endmacro %}

{% macro fen_to_yuan(column) -%}
    cast({{ column }} * 0.01 as decimal(18, 2))
{%- endmacro %}
