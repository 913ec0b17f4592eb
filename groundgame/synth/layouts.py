"""The column order of North Carolina's files by date: 71 columns, then 67, then 70. What stands in a column is decided elsewhere."""

from __future__ import annotations

import datetime as dt

SINCE_67 = dt.date(2022, 2, 12)
SINCE_70 = dt.date(2026, 2, 7)

_DISTRICTS = (
    *("precinct_abbrv", "precinct_desc", "municipality_abbrv", "municipality_desc", "ward_abbrv", "ward_desc"),
    *("cong_dist_abbrv", "super_court_abbrv", "judic_dist_abbrv", "nc_senate_abbrv", "nc_house_abbrv"),
    *("county_commiss_abbrv", "county_commiss_desc", "township_abbrv", "township_desc"),
    *("school_dist_abbrv", "school_dist_desc", "fire_dist_abbrv", "fire_dist_desc"),
    *("water_dist_abbrv", "water_dist_desc", "sewer_dist_abbrv", "sewer_dist_desc"),
    *("sanit_dist_abbrv", "sanit_dist_desc", "rescue_dist_abbrv", "rescue_dist_desc"),
    *("munic_dist_abbrv", "munic_dist_desc", "dist_1_abbrv", "dist_1_desc"),
)
_VTD = ("vtd_abbrv", "vtd_desc")
_STATUS = ("status_cd", "voter_status_desc", "reason_cd", "voter_status_reason_desc")
_ADDRESS = (
    *("res_street_address", "res_city_desc", "state_cd", "zip_code"),
    *("mail_addr1", "mail_addr2", "mail_addr3", "mail_addr4", "mail_city", "mail_state", "mail_zipcode"),
    "full_phone_number",
)
_CODED = ("race_code", "ethnic_code", "party_cd", "gender_code")

COLUMNS_71 = (
    *("county_id", "county_desc", "voter_reg_num"),
    *_STATUS,
    *("absent_ind", "name_prefx_cd", "last_name", "first_name", "midl_name", "name_sufx_cd"),
    *_ADDRESS,
    *_CODED,
    *("birth_age", "birth_place", "drivers_lic", "registr_dt"),
    *_DISTRICTS,
    *("dist_2_abbrv", "dist_2_desc", "Confidential_ind", "birth_year", "ncid"),
    *_VTD,
)
_HEAD_67 = (
    *("county_id", "county_desc", "voter_reg_num", "ncid"),
    *("last_name", "first_name", "middle_name", "name_suffix_lbl"),
    *_STATUS,
    *_ADDRESS,
    *("confidential_ind", "registr_dt"),
    *_CODED,
    *("birth_year", "age_at_year_end", "birth_state", "drivers_lic"),
)
COLUMNS_67 = (*_HEAD_67, *_DISTRICTS, *_VTD)
COLUMNS_70 = (*_HEAD_67, "ssn", "no_dl_ssn_chkbx", "hava_id_req", *_DISTRICTS, *_VTD)

HISTORY_COLUMNS = (
    *("county_id", "county_desc", "voter_reg_num", "election_lbl", "election_desc", "voting_method"),
    *("voted_party_cd", "voted_party_desc", "pct_label", "pct_description", "ncid"),
    *("voted_county_id", "voted_county_desc", "vtd_label", "vtd_description"),
)


def registration_columns(snapshot: dt.date) -> tuple[str, ...]:
    """The registration file's columns, in order, as a file of that date has them."""
    if snapshot >= SINCE_70:
        return COLUMNS_70
    return COLUMNS_67 if snapshot >= SINCE_67 else COLUMNS_71
