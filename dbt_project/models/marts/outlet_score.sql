{{ bank_score(['bank_code', 'outlet_code']) }}
