"""Small things everything else may use: money, time, ids, secrets, errors. No models, no customer."""
