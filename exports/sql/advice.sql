-- What a recipient is told to do with each customer that it serves: tier, strategy, reasons, product lines.
-- Without marketing consent there is the service package and no product line.

-- One row per customer of a recipient. Its reference hangs on the earliest of its own records (the anchor), so that it
-- survives whatever is found out elsewhere.
create table served as
select
    grouped.recipient,
    grouped.group_key,
    grouped.is_own,
    min(grouped.customer_id) as customer_id,
    bool_and(customer.has_marketing_consent) as has_marketing_consent,
    min_by(grouped.record_key, (record.first_seen_on, grouped.record_key)) filter (where grouped.is_serving) as anchor
from grouped
inner join record using (record_key)
inner join customer on grouped.customer_id = customer.customer_id
group by grouped.recipient, grouped.group_key, grouped.is_own
having bool_or(grouped.is_serving);

-- Of a group of own records the tier that these give; of anybody else the company's.
create table served_tier as
select
    served.*,
    coalesce(own_tier.tier, company_tier.tier) as tier,
    coalesce(own_tier.tier_name, company_tier.tier_name) as tier_name,
    coalesce(own_tier.rule_id, company_tier.rule_id) as rule_id,
    coalesce(own_tier.strategy_code, company_tier.strategy_code) as strategy_code
from served
left join own_tier
    on served.recipient = own_tier.scope and case when served.is_own then served.group_key end = own_tier.own_group
left join (from customer_tier where scope = 'ALL') as company_tier
    on case when not served.is_own then served.customer_id end = company_tier.customer_id;

-- Lines of each strategy with a product on sale, for `product_channel` where the recipient sells for one channel.
create table offer as
select strategy_line.strategy_code, strategy_line.line, strategy_line.position, need_line.need
from strategy_line
inner join need_line using (line)
where strategy_line.line in (
    select product.line
    from product
    where
        product.is_on_sale
        and ('{product_channel}' = '' or list_contains(string_split(product.channels, '|'), '{product_channel}'))
);

create table recommendation as
select served_tier.recipient, served_tier.group_key, list(offer.line order by offer.position) as lines
from served_tier
inner join offer using (strategy_code)
anti join covered
    on served_tier.recipient = covered.recipient and served_tier.group_key = covered.group_key and offer.need = covered.need
where served_tier.has_marketing_consent
group by all;

-- Lines that must not sell; asked again of the written files.
create table no_marketing as
select recipient, group_key from served_tier where not has_marketing_consent;

create table advice as
select
    served_tier.recipient,
    served_tier.group_key,
    served_tier.is_own,
    served_tier.customer_id,
    served_tier.anchor,
    served_tier.tier,
    served_tier.tier_name,
    served_tier.rule_id,
    served_tier.rule_id || ' ' || rule_text.text as reasons,
    case
        when served_tier.has_marketing_consent
            then format('{{}}：每{{}}天联系；{{}}', strategy.strategy_name, strategy.contact_cadence_days, strategy.service_package)
        else '仅服务：' || strategy.service_package
    end as strategy,
    coalesce(recommendation.lines, []) as recommended_lines
from served_tier
left join strategy using (strategy_code)
left join rule_text using (rule_id)
left join recommendation using (recipient, group_key);
