"""An advisory in the words of others: OSV, STIX, AVID, and the forms that laws ask for."""
