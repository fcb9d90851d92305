"""Corrigibility: whose word holds where user, operator, overseers and humanity pull apart, and is a stop accepted."""
