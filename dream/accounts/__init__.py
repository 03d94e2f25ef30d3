"""Who may do what: accounts, the ways to prove one, and the gate that every request passes."""
