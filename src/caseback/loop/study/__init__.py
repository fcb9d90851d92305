"""The character study: which telling of a constitution carries furthest, measured where no demonstration reached."""
