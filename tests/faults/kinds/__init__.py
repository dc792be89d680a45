"""All kinds of fault, by the part of an exchange that goes wrong."""
