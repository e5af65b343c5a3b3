{{ bank_score(['bank_code']) }}
