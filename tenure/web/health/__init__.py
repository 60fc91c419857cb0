"""Pages of health: how all accounts stand, the definitions, and whether they tell anything."""
