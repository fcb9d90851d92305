"""Rates of live traffic: what was counted, corrected for audits and for detectors that err, with bounds that hold at
any time."""
