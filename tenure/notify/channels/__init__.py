"""One package for each way of telling people; none knows another."""
