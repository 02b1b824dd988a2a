"""What leaves the program: pictures, tables, the whole run."""
