"""Files in and out: CSV read into accounts and contacts, and written from them."""
