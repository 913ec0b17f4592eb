"""Privacy: forgetting a person, keeping her out afterwards, and hiding small cells. What may be published is decided elsewhere."""
