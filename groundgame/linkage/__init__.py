"""Who among the people of the app is which registered voter. Works on two relations of the warehouse, and knows no source."""
