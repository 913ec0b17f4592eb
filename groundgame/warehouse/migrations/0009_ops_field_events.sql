-- Events of the field are told apart by another key: the next batch builds its tables from the landed files, and adds to none of before.
drop table if exists ops.field_built;
