"""How the values of a field are distributed over an audience."""
