"""Standard forms of every distinct name (``identity.names``)."""

import pyarrow as pa

from identity.names import standardise


def model(dbt, session):
    dbt.config(materialized="table")
    names = dbt.ref("int_identity__source_record").filter("name is not null").project("name").distinct()
    forms = standardise(name for (name,) in names.fetchall())
    columns = ("name", "name_std", "name_sound", "surname", "surname_sound", "given_name", "is_han", "sex")
    return pa.table(
        {
            column: pa.array([getattr(form, column) for form in forms], pa.bool_() if column == "is_han" else pa.string())
            for column in columns
        }
    )
