select cast({{ household_parameter('household_limit') }} as integer) as household_limit
