"""How far overseers fail together: agreement of errors, effective votes, and what is left of several layers."""
