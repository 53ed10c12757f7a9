"""Who uses a key: names in scripts and policies, and what a rename does to them."""
