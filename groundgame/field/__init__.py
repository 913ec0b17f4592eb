"""The field between two nights: new reports landed, its tables brought up to date, judged and published, in a warehouse of its own."""
